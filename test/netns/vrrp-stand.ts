/**
 * Two network namespaces that are alike, one of them this process's own: eth0 with 10.50.0.1/24 and its other end eth0p.
 * keepalived 2.2.7 does a file in one, HostRouter in the other, and what ip(8) shows of both is compared.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterNewNamespace } from '../../native/process.js';
import { findPeer } from './keepalived-peer.js';
import { run, type VrrpLab, wait } from './vrrp-lab.js';

const LAYOUT = [
  'ip link add eth0 address 02:00:00:00:50:01 type veth peer name eth0p address 02:00:00:00:50:02',
  'ip link set lo up',
  'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad',
  'echo 0 > /proc/sys/net/ipv6/conf/eth0p/accept_dad',
  'ip address add 10.50.0.1/24 dev eth0',
  'ip address add 10.51.0.1/24 dev eth0p',
  'ip link set eth0 up',
  'ip link set eth0p up',
].join(' && ');

export interface Stand extends Pick<VrrpLab, 'peer' | 'missing' | 'folder' | 'holder'> {
  /** Runs a shell command here, in the namespace of this process. */
  here(command: string): string;
  there(command: string): string;
  /** Makes the interfaces of both anew; nothing of the test before is left on them. */
  renew(): Promise<void>;
  close(): void;
}

export async function openStand(): Promise<Stand> {
  const found = await findPeer();
  enterNewNamespace('network');
  const holder: ChildProcess = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' });
  const namespaceOf = (of: string): string =>
    spawnSync('readlink', [`/proc/${of}/ns/net`], { encoding: 'utf8' }).stdout;
  await wait(
    () => namespaceOf(String(holder.pid)) !== namespaceOf('thread-self'),
    () => 'the second namespace',
    2000,
  );
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-stand-'));
  const output = (words: readonly string[]): string =>
    spawnSync(words[0] as string, words.slice(1), { encoding: 'utf8' }).stdout;
  const stand: Stand = {
    holder,
    folder,
    peer: 'missing' in found ? undefined : found,
    missing: 'missing' in found ? found.missing : '',
    here: (command) => output(['sh', '-c', command]),
    there: (command) => output(['nsenter', '-t', String(holder.pid), '-n', 'sh', '-c', command]),
    renew: async () => {
      const layout = `ip link del eth0 2>/dev/null; ${LAYOUT}`;
      run('sh', '-c', layout);
      run('nsenter', '-t', String(holder.pid), '-n', 'sh', '-c', layout);
      await wait(
        () => settled(stand.here) && settled(stand.there),
        () => stand.there('ip address'),
        5000,
      );
    },
    close: () => {
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // The kernel gives link-local addresses and states from work queues of its own.
  const settled = (of: (command: string) => string): boolean =>
    (of('ip -6 -o address show scope link').match(/fe80::/g) ?? []).length === 2 &&
    !of('ip -o link').includes('state DOWN');
  return stand;
}

const SYSCTLS = ['arp_ignore', 'arp_filter', 'rp_filter', 'accept_local', 'promote_secondaries'];

/** Without what counts, runs down, or depends on the order of making. */
const VOLATILE = new Set(['ifindex', 'link_index', 'valid_life_time', 'expires', 'link_netnsid']);

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !VOLATILE.has(name))
      .map(([name, inner]) => [name, plain(inner)]),
  );
}

/** What ip(8) shows, one line each, sorted: two of them can be compared. */
export function picture(of: (command: string) => string): string[] {
  const lists = ['address', 'route show table all', '-6 route show table all', 'rule', '-6 rule'].flatMap((what) => {
    const read = JSON.parse(of(`ip -j -d ${what}`).trim() || '[]') as Record<string, unknown>[];
    return read
      .filter((entry) => Object.keys(entry).length > 0)
      .flatMap((entry) => {
        const { addr_info: addresses, ...rest } = entry;
        const own = `${what} ${JSON.stringify(plain(rest))}`;
        const on = (Array.isArray(addresses) ? addresses : []).map(
          (address) => `address of ${String(entry.ifname)} ${JSON.stringify(plain(address))}`,
        );
        return [own, ...on];
      });
  });
  const sysctls = of(
    `cd /proc/sys/net; grep -H . ${SYSCTLS.map((word) => `ipv4/conf/*/${word}`).join(' ')} ipv6/conf/*/disable_ipv6 ipv6/conf/*/addr_gen_mode`,
  );
  return [...lists, ...sysctls.trim().split('\n')].sort();
}

const only = (all: readonly string[], others: readonly string[]): string[] => {
  const set = new Set(others);
  return all.filter((line) => !set.has(line));
};

/** Fails with the lines that one has and the other has not. */
export function assertSame(ours: readonly string[], theirs: readonly string[], what: string): void {
  assert.deepEqual(
    { lines: only(ours, theirs) },
    { lines: only(theirs, ours) },
    `${what}: more lines, and lines missing`,
  );
}

/** Waits until both are alike, then says so; or fails with the difference. */
export async function alike(stand: Stand, what: string, limit = 6000): Promise<void> {
  const end = Date.now() + limit;
  for (;;) {
    const [ours, theirs] = [picture(stand.here), picture(stand.there)];
    if (JSON.stringify(ours) === JSON.stringify(theirs)) return;
    if (Date.now() > end) {
      assertSame(ours, theirs, what);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
