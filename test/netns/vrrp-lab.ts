/**
 * Two network namespaces joined by a veth, this process in the first: lvs0 at 10.50.0.1/24 here, lvs1 at 10.50.0.2/24 there.
 * Debian's keepalived 2.2.7 runs in the second, and what its log says of each instance can be asked.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterNewNamespace } from '../../native/process.js';
import { findPeer, type Peer } from './keepalived-peer.js';

export const OURS = '10.50.0.1';
export const THEIRS = '10.50.0.2';

export interface VrrpLab {
  readonly holder: ChildProcess;
  /** Undefined where keepalived cannot be had; `missing` says why. */
  readonly peer: Peer | undefined;
  readonly missing: string;
  readonly folder: string;
  /** Runs a program in the second namespace. */
  there(...words: readonly string[]): void;
  close(): void;
}

/** Runs a program here; throws when it fails. */
export function run(...words: readonly string[]): void {
  const done = spawnSync(words[0] as string, words.slice(1), { encoding: 'utf8' });
  assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}`);
}

export async function openLab(): Promise<VrrpLab> {
  const found = await findPeer();
  enterNewNamespace('network');
  const holder = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' });
  const there = (...words: readonly string[]): void => run('nsenter', '-t', String(holder.pid), '-n', ...words);
  const namespaceOf = (of: string): string =>
    spawnSync('readlink', [`/proc/${of}/ns/net`], { encoding: 'utf8' }).stdout;
  await wait(
    () => namespaceOf(String(holder.pid)) !== namespaceOf('thread-self'),
    () => 'the second namespace',
    2000,
  );
  const [ours, theirs] = ['02:00:00:00:50:01', '02:00:00:00:50:02'];
  run('ip', 'link', 'add', 'lvs0', 'address', ours, 'type', 'veth', 'peer', 'name', 'lvs1', 'address', theirs);
  run('ip', 'link', 'set', 'lvs1', 'netns', String(holder.pid));
  writeFileSync('/proc/sys/net/ipv6/conf/lvs0/accept_dad', '0');
  there('sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/lvs1/accept_dad');
  run('ip', 'address', 'add', `${OURS}/24`, 'dev', 'lvs0');
  there('ip', 'address', 'add', `${THEIRS}/24`, 'dev', 'lvs1');
  run('ip', 'link', 'set', 'lvs0', 'up');
  there('ip', 'link', 'set', 'lvs1', 'up');
  there('ip', 'link', 'set', 'lo', 'up');
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-vrrp-'));
  return {
    holder,
    peer: 'missing' in found ? undefined : found,
    missing: 'missing' in found ? found.missing : '',
    folder,
    there,
    close: () => {
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until it is so; throws with `what` after `limit` milliseconds. */
export async function wait(enough: () => boolean, what: () => string, limit: number): Promise<void> {
  const end = Date.now() + limit;
  while (!enough()) {
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** keepalived in the other namespace, with what its log says of each instance. */
export class Keepalived {
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(lab: Pick<VrrpLab, 'folder' | 'holder' | 'peer'>, text: string) {
    const { folder, holder, peer } = lab;
    assert.ok(peer);
    this.#folder = folder;
    writeFileSync(join(folder, 'keepalived.conf'), text);
    const options = [
      '-P',
      '-n',
      '-l',
      '-D',
      '-f',
      join(folder, 'keepalived.conf'),
      '-p',
      join(folder, 'pid'),
      '-r',
      join(folder, 'vrrp'),
    ];
    // nsenter becomes keepalived: the signals below reach keepalived itself.
    this.#child = spawn('nsenter', ['-t', String(holder.pid), '-n', peer.program, ...options], { env: peer.env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => this.log.push(...data.toString().split('\n')));
    }
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** The last state of each instance. */
  state(name: string): string {
    const lines = this.log.filter((line) => line.includes(`(${name}) Entering `));
    return /Entering (\w+) STATE/.exec(lines.at(-1) ?? '')?.[1] ?? 'none';
  }

  all(names: readonly string[], state: string): boolean {
    return names.every((name) => this.state(name) === state);
  }

  says(text: string): boolean {
    return this.log.some((line) => line.includes(text));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** The parent and the child at once, as a power cut would. */
  async kill(): Promise<void> {
    const vrrp = Number(readFileSync(join(this.#folder, 'vrrp'), 'utf8'));
    // The child first: it says goodbye when its parent dies.
    process.kill(vrrp, 'SIGKILL');
    this.#child.kill('SIGKILL');
    await this.#ended;
    for (const file of ['pid', 'vrrp']) rmSync(join(this.#folder, file), { force: true });
  }
}
