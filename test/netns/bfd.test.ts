/**
 * BFD beside Debian's keepalived 2.2.7, 50 ms x 3 over a veth between two network namespaces: up on both sides, quiet,
 * a death noticed in time on either side, AdminDown understood, and up again.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BfdReceiver, BfdSender } from '../../bfd/bfd-socket.js';
import { bfdSessionConfig } from '../../bfd/configure.js';
import { BfdSessions } from '../../bfd/sessions.js';
import { clockMs } from '../../native/clock.js';
import { enterNewNamespace } from '../../native/process.js';
import { openTimer, type TimerDescriptor } from '../../native/timerfd.js';
import { parseText } from '../unit/parser/schema/parse-text.js';
import { findPeer, type Peer } from './keepalived-peer.js';

const block = (neighbor: string, source: string): string =>
  `bfd_instance b4 {\nneighbor_ip ${neighbor}\nsource_ip ${source}\nmin_rx 50\nmin_tx 50\nmultiplier 3\n}\n`;

let holder: ChildProcess;
let peer: Peer | undefined;
let missing = '';
let folder = '';

function run(...words: readonly string[]): void {
  const done = spawnSync(words[0] as string, words.slice(1), { encoding: 'utf8' });
  assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}`);
}
const there = (...words: readonly string[]): void => run('nsenter', '-t', String(holder.pid), '-n', ...words);

async function wait(enough: () => boolean, what: () => string, limit: number): Promise<void> {
  const end = Date.now() + limit;
  while (!enough()) {
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Our sessions on real sockets. */
class LiveBfd {
  readonly changes: { readonly at: number; readonly to: string }[] = [];
  readonly log: string[] = [];
  readonly #sender: BfdSender;
  readonly #receiver: BfdReceiver;
  readonly #timer: TimerDescriptor;
  readonly sessions: BfdSessions;
  #closed = false;

  constructor(text: string) {
    const [instance] = parseText(text).config.bfd.values();
    assert.ok(instance);
    const { neighbor, source, ttl, multihop } = instance;
    this.#sender = new BfdSender({ neighbor, source, ttl, multihop, scope: 0 }, Math.random);
    this.sessions = new BfdSessions((effect) => {
      if (effect.kind === 'send') this.#sender.send(effect.bytes);
      if (effect.kind === 'log') this.log.push(effect.text);
      if (effect.kind === 'changed') this.changes.push({ at: clockMs('monotonic'), to: effect.to });
    }, Math.random);
    this.#timer = openTimer(() => {
      this.#receive();
      this.sessions.timer(clockMs('monotonic'));
      this.#arm();
    });
    this.#receiver = new BfdReceiver('inet', multihop, () => {
      this.#receive();
      this.#arm();
    });
    this.sessions.configure([bfdSessionConfig(instance)], clockMs('monotonic'));
    this.#arm();
  }

  state(): string | undefined {
    return this.sessions.get('b4')?.state.session;
  }

  /** As a crash would: nothing is said. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const one of [this.#timer, this.#receiver, this.#sender]) one.close();
  }

  #receive(): void {
    this.#receiver.receive((bytes, from, ttl) => this.sessions.receive(bytes, from, ttl, false, clockMs('monotonic')));
  }

  #arm(): void {
    const { deadline } = this.sessions;
    if (this.#closed || deadline === Number.POSITIVE_INFINITY) return;
    this.#timer.setAt(deadline);
  }
}

class Keepalived {
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(text: string) {
    assert.ok(peer);
    writeFileSync(join(folder, 'keepalived.conf'), text);
    const files = ['-p', 'pid', '-r', 'vrrp', '-c', 'check', '-b', 'bfd'].map((word, i) =>
      i % 2 === 0 ? word : join(folder, word),
    );
    const options = ['-n', '-l', '-D', '-f', join(folder, 'keepalived.conf'), ...files];
    this.#child = spawn('nsenter', ['-t', String(holder.pid), '-n', peer.program, ...options], { env: peer.env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) =>
        this.log.push(
          ...data
            .toString()
            .split('\n')
            .filter((line) => line !== ''),
        ),
      );
    }
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** The last line of its session. */
  last(): string {
    return this.log.findLast((line) => / Entering \w+ state/.test(line)) ?? '';
  }

  async kill(): Promise<void> {
    // The child first: it says goodbye when its parent dies.
    process.kill(Number(readFileSync(join(folder, 'bfd'), 'utf8')), 'SIGKILL');
    await this.stop('SIGKILL');
    for (const file of ['pid', 'vrrp', 'check', 'bfd']) rmSync(join(folder, file), { force: true });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

before(async () => {
  const found = await findPeer();
  if ('missing' in found) missing = found.missing;
  else peer = found;
  enterNewNamespace('network');
  holder = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' });
  await wait(
    () => {
      const own = spawnSync('readlink', ['/proc/thread-self/ns/net'], { encoding: 'utf8' }).stdout;
      return spawnSync('readlink', [`/proc/${holder.pid}/ns/net`], { encoding: 'utf8' }).stdout !== own;
    },
    () => 'the second namespace',
    2000,
  );
  run('ip', 'link', 'add', 'lvs0', 'type', 'veth', 'peer', 'name', 'lvs1');
  run('ip', 'link', 'set', 'lvs1', 'netns', String(holder.pid));
  run('ip', 'address', 'add', '10.50.0.1/24', 'dev', 'lvs0');
  there('ip', 'address', 'add', '10.50.0.2/24', 'dev', 'lvs1');
  run('ip', 'link', 'set', 'lvs0', 'up');
  there('ip', 'link', 'set', 'lvs1', 'up');
  folder = mkdtempSync(join(tmpdir(), 'lvsd-bfd-'));
});

after(() => {
  holder.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('a session with keepalived: up, quiet, down in time, AdminDown, expired, and up again each time', async (t) => {
  if (peer === undefined) return t.skip(missing);
  let keepalived = new Keepalived(block('10.50.0.1', '10.50.0.2'));
  let ours = new LiveBfd(block('10.50.0.2', '10.50.0.1'));
  const told = (): string =>
    `${ours.state()} ${JSON.stringify(ours.changes)} ${[...ours.sessions.rejects].join()}\n${keepalived.log.join('\n')}`;
  const bothUp = (): boolean => ours.state() === 'up' && keepalived.last().includes('Entering Up state');
  try {
    await wait(bothUp, told, 10_000);
    const changes = ours.changes.length;
    const lines = keepalived.log.length;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.equal(ours.changes.length, changes, told());
    assert.ok(!keepalived.log.slice(lines).some((line) => line.includes('Entering')), told());
    assert.deepEqual([...ours.sessions.rejects], []);

    await keepalived.kill();
    await wait(() => ours.state() === 'down', told, 2000);
    // Three times 50 ms after the last packet; later only if the machine is busy.
    const expired =
      ours.log.map((line) => Number(/^\(b4\) Expired after (\d+) ms/.exec(line)?.[1])).find((ms) => ms > 0) ?? 0;
    assert.ok(expired >= 150 && expired < 1000, ours.log.join('\n'));

    keepalived = new Keepalived(block('10.50.0.1', '10.50.0.2'));
    await wait(bothUp, told, 10_000);
    ours.sessions.stop(clockMs('monotonic'));
    await wait(() => /Entering Down state.*Neighbor Signaled Session Down/.test(keepalived.last()), told, 2000);
    ours.close();

    ours = new LiveBfd(block('10.50.0.2', '10.50.0.1'));
    await wait(bothUp, told, 10_000);
    ours.close();
    await wait(() => /Entering Down state.*Control Detection Time Expired/.test(keepalived.last()), told, 2000);
    t.diagnostic(`keepalived's death noticed ${expired} ms after its last packet`);
  } finally {
    ours.close();
    await keepalived.stop();
  }
});
