/**
 * A configuration file of the shared corpus as a case of the table tests.
 *
 * The addresses stay as they are (ground.ts makes every address local). Only times are changed: the table does
 * not depend on them. Of the servers that the file names with a number as port, two in
 * three answer. The series of reloads: the same file again, every weight raised, the first real server of each virtual
 * server with several removed, another scheduler, the first file again. Text in, text out; pure but for
 * `prepareForCorpus`.
 */
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { sharedCorpus } from '../../root.js';
import type { Step, TableCase } from './annotated.js';

/**
 * Times as a test can wait for them: the first check of each server at once, since it alone decides; the next ones
 * seldom and with patience, since the machine is emulated.
 */
function quickened(text: string): string {
  return text
    .replace(/^([ \t]*(?:delay_loop|misc_timeout|connect_timeout)[ \t]+)[\d.]+/gm, (_, word: string) => `${word}20`)
    .replace(/^([ \t]*delay_before_retry[ \t]+)[\d.]+/gm, (_, word: string) => `${word}1`)
    .replace(/^([ \t]*warmup[ \t]+)[\d.]+/gm, (_, word: string) => `${word}0`)
    .replace(/^([ \t]*virtual_server[ \t][^\n{]*\{)[ \t]*$/gm, '$1\n    delay_loop 20\n    warmup 0');
}

/** Every server that the file names with a port, as nginx's `listen` writes it. */
function serversOf(text: string): string[] {
  const tls = /\bSSL_GET\b/.test(text) ? ':ssl' : '';
  const found = [
    ...text.matchAll(/^[ \t]*(?:real_server|sorry_server)[ \t]+([\d.]+|[\da-f:]+:[\da-f:]*)[ \t]+(\d+)/gim),
  ];
  const words = found
    .filter(([, , port]) => Number(port) > 0 && Number(port) < 65536)
    .map(([, address = '', port]) => `${address.includes(':') ? `[${address}]` : address}:${port}${tls}`);
  return [...new Set(words)];
}

/** The text from an opening brace's line to its closing one; undefined where they do not balance. */
function blockEnd(lines: readonly string[], from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < lines.length; at++) {
    const bare = (lines[at] as string).replace(/[#!].*$/, '').replace(/"[^"]*"/g, '');
    for (const letter of bare) depth += letter === '{' ? 1 : letter === '}' ? -1 : 0;
    if (depth === 0 && (bare.includes('}') || at > from)) return at;
  }
  return undefined;
}

/** Without the first real server of each virtual server that has several. */
function withoutFirstServers(text: string): string {
  const lines = text.split('\n');
  const gone = new Set<number>();
  for (let at = 0; at < lines.length; at++) {
    if (!/^\s*virtual_server\s/.test(lines[at] as string)) continue;
    const end = blockEnd(lines, at) ?? at;
    const servers: number[] = [];
    for (let inside = at + 1; inside < end; inside++)
      if (/^\s*real_server\s/.test(lines[inside] as string)) servers.push(inside);
    const [first, second] = servers;
    if (first === undefined || second === undefined) continue;
    for (let line = first; line <= (blockEnd(lines, first) ?? first - 1); line++) gone.add(line);
    at = end;
  }
  return lines.filter((_, at) => !gone.has(at)).join('\n');
}

const heavier = (text: string): string =>
  text.replace(/^([ \t]*weight[ \t]+)(\d+)/gm, (_, word: string, weight: string) => `${word}${Number(weight) + 2}`);

const otherScheduler = (text: string): string =>
  text.replace(/^([ \t]*(?:lb_algo|lvs_sched)[ \t]+)(\S+)/gm, (_, word: string, name: string) =>
    name === 'wlc' ? `${word}sed` : `${word}wlc`,
  );

/** The case of a corpus file. */
export function corpusCase(name: string, text: string): TableCase {
  const first = quickened(text);
  // keepalived 2.2.7 leaves a dead server with inhibit_on_failure in a group's services when the file names it no more;
  // fixtures/tables/inhibited-server-removed.conf holds that difference, so that here nothing is removed then.
  const removed =
    /\binhibit_on_failure\b/.test(text) && /\bvirtual_server_group\b/.test(text)
      ? (same: string): string => same
      : withoutFirstServers;
  const listen = serversOf(text).filter((_, index) => index % 3 !== 2);
  const step = (about: string, config: string): Step => ({ about, config, listen, death: false, differences: [] });
  return {
    name,
    about: 'a file of the corpus',
    steps: [
      step('start', first),
      step('the same file again', first),
      step('every weight raised by 2', heavier(first)),
      step('the first real server of each virtual server removed', removed(heavier(first))),
      step('another scheduler', otherScheduler(removed(heavier(first)))),
      step('the first file again', first),
    ],
  };
}

/** The scripts and users that corpus files name, as the corpus's own verdicts were made with; in the VM only. */
export function prepareForCorpus(): void {
  if (sharedCorpus === undefined) throw new Error('there is no shared corpus beside the checkout');
  const list = (name: string): string[] =>
    readFileSync(join(sharedCorpus as string, 'environment', name), 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  for (const path of list('script-stubs.txt')) {
    const file = isAbsolute(path) ? path : join('/usr/bin', path);
    if (existsSync(file)) continue;
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '#!/bin/sh\nexit 0\n');
      chmodSync(file, 0o755);
    } catch (error) {
      process.stderr.write(`no stub for ${file}: ${String(error)}\n`);
    }
  }
  const known = readFileSync('/etc/passwd', 'utf8');
  for (const user of list('users.txt')) {
    if (!known.includes(`\n${user}:`)) appendFileSync('/etc/passwd', `${user}:x:0:0::/root:/bin/sh\n`);
  }
}
