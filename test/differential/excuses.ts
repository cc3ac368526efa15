// Where lvsd's exit code is meant to be another than keepalived 2.2.7's: each with its reason, which stands in
// docs/differences.md too. What is not excused here is a fault of ours.

import type { Verdict } from './verdict.js';

interface Excuse {
  readonly reason: string;
  fits(name: string, theirs: Verdict, ours: Verdict): boolean;
}

const excuses: readonly Excuse[] = [
  { reason: 'keepalived crashes or does not end', fits: (_, theirs) => !/^[0-9]$/.test(theirs.exit) },
  {
    reason: 'bad or incomplete regex lines are errors',
    fits: (name, theirs, ours) => name.startsWith('url: regex') && theirs.exit === '0' && ours.exit === '5',
  },
  {
    reason: 'a virtual server whose group does not fit is an error',
    fits: (_, theirs, ours) =>
      theirs.exit === '0' &&
      ours.told.some((line) => /virtual server group with|specified but not configured/.test(line)),
  },
  {
    reason: 'keepalived loses its place behind a block that it does not know, or an odd brace',
    fits: (name, theirs) =>
      /[{}]/.test(name) && theirs.told.some((line) => /Unknown keyword '\}'|Unexpected '\{'/.test(line)),
  },
  {
    reason: 'inet and inet6 of a rule or route take the next word with them',
    fits: (name) => /(?:rules|routes): .* inet6? ./.test(name),
  },
  {
    reason: 'default, all or any behind what settles the family',
    fits: (name, theirs) =>
      /(?:rules|routes): .* (?:all|any|default)\b/.test(name) &&
      theirs.told.some((line) => /mixed IPv4 and IPv6|Cannot mix IPv4 and IPv6 addresses for route \(/.test(line)),
  },
  {
    reason: 'ipproto: numbers from 128 to 255',
    fits: (name, theirs) => /ipproto \d{3}$/.test(name) && theirs.told.some((line) => line.includes('Invalid ipproto')),
  },
  {
    reason: 'numbers of rules and routes that keepalived lets wrap round in 32 bits',
    fits: (name, theirs, ours) =>
      /(?:rules|routes): .* (?:\S+ 4294967296|table -\d+)$/.test(name) && theirs.exit === '0' && ours.exit === '5',
  },
  {
    reason: 'a line with an interface that does not exist is read to its end',
    fits: (name, theirs) =>
      /(?:rules|routes): /.test(name) && theirs.told.some((line) => line.includes("nexthop doesn't exist")),
  },
  {
    reason: 'fractions of a second in vrrp_script',
    fits: (name, theirs) =>
      /vrrp_script: (?:interval|timeout) \d+\.\d/.test(name) &&
      theirs.told.some((line) => line.includes('invalid number')),
  },
  {
    reason: 'fractions in misc_timeout',
    fits: (name, theirs) =>
      name.includes('misc_timeout') && theirs.told.some((line) => line.includes('Invalid misc_timeout value')),
  },
  {
    reason: 'a definition that is not defined is an error',
    fits: (_, theirs, ours) => theirs.exit === '0' && ours.told.some((line) => line.includes('Nothing is defined as')),
  },
];

/** The reason why the exit codes may differ; undefined if there is none. */
export function excuseFor(name: string, theirs: Verdict, ours: Verdict): string | undefined {
  return excuses.find((excuse) => excuse.fits(name, theirs, ours))?.reason;
}
