/**
 * Every word of global_defs and of the top level that 2.2.7 knows, with 76 values each: the exit code of `-t` is
 * keepalived's. The fixture holds what keepalived 2.2.7 answered in an empty network namespace with two CPUs and no DNS;
 * what is not listed for a word was 0.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodeOf } from '../../../../parser/render-diagnostic.js';
import type { Surroundings } from '../../../../parser/validate-surroundings.js';
import { parseIpAddress } from '../../../../runtime/addresses.js';
import { repoRoot } from '../../../root.js';
import { parseText, readText, snapshotOf } from './parse-text.js';

interface Answers {
  readonly variants: readonly string[];
  /** By word: indices of the variants that ended with 2 or 5; `tried` where not all of them were. */
  readonly words: Readonly<Record<string, { readonly [code: string]: readonly number[] }>>;
}

const topLevel = new Set([
  'instance',
  'use_pid_dir',
  'child_wait_time',
  'linkbeat_use_polling',
  'namespace_with_ipsets',
  'net_namespace',
  'net_namespace_ipvs',
]);

/** Numbers are addresses to the resolver (inet_aton(3)). */
const isNumericHost = (text: string): boolean =>
  (/^\d+$/.test(text) && Number(text) <= 4294967295) || /^\d{1,2}\.\d{1,7}$/.test(text);

const host: Surroundings = {
  lookAtScript: () => ({ outcome: 'runs', messages: [] }),
  interfaceExists: () => true,
  resolves: (name) => parseIpAddress(name) !== undefined || isNumericHost(name),
  cpuCount: () => 2,
};

const bare = /^(on|off|true|false|yes|no|)$/;
/** Where lvsd answers otherwise, and why. */
function differs(word: string, argument: string): string | undefined {
  switch (word) {
    case 'script_user':
      return 'the users of the host are the host’s to know';
    case 'lvs_flush':
    case 'vrrp_strict':
    case 'vrrp_skip_check_adv_addr':
    case 'vrrp_check_unicast_src':
    case 'fifo_write_vrrp_states_on_reload':
      return bare.test(argument) ? undefined : '2.4.3 takes a boolean, 2.2.7 does not look';
    case 'vrrp_rx_bufs_policy':
      return /^(MTU 5|1 x|5 all)$/.test(argument) ? '2.2.7 reads the first word in the place of the number' : undefined;
    case 'smtp_server':
      return argument === '' || !argument.includes(' ') ? undefined : '2.2.7 asks the resolver for the port too';
    case 'umask':
    case 'lvs_timeouts':
    case 'lvs_sync_daemon':
    case 'include_check':
      return 'held by tests of its own';
    default:
      return undefined;
  }
}

test('global words answer as keepalived does', (t) => {
  const { variants, words } = JSON.parse(
    readText(join(repoRoot, 'fixtures', 'parser', 'global-words.json')),
  ) as Answers;
  const wrong: string[] = [];
  let compared = 0;
  for (const [word, codes] of Object.entries(words)) {
    variants.forEach((argument, i) => {
      if (codes.tried?.includes(i) === false || differs(word, argument) !== undefined) return;
      const line = `${word} ${argument}`.trim();
      const text = topLevel.has(word) ? `${line}\n` : `global_defs {\n${line}\n}\n`;
      const { diagnostics } = parseText(text, { surroundings: host });
      const ours = exitCodeOf([...snapshotOf(text).diagnostics, ...diagnostics]);
      const theirs = Number(Object.keys(codes).find((code) => code !== 'tried' && codes[code]?.includes(i)) ?? 0);
      compared++;
      if (ours !== theirs) wrong.push(`${line}: keepalived ${theirs}, lvsd ${ours}`);
    });
  }
  t.diagnostic(`${compared} lines`);
  assert.deepEqual(wrong, []);
  assert.ok(compared > 8500);
});
