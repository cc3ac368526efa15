/**
 * kill -9 and SIGSTOP at random moments: the table goes on serving, and the next start converges without taking one
 * healthy destination out, and without putting a dead one back (architecture, sections 3 and 4).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case, CaseContext } from './cases.js';
import { configuration, expected, inBoth, type TestService } from './configuration.js';
import { Daemon, lives, until, type Victim } from './daemon.js';
import { RealServers } from './servers.js';
import { type Breach, readTable, TableWatch, tableText } from './table.js';

const DEAD = '10.9.0.5';
const misc = 'MISC_CHECK {\n        misc_path "/bin/true"\n        misc_timeout 5\n        }';

/** Two configurations that share most: servers and services come, go, and change their weight from one to the other. */
const first: readonly TestService[] = [1, 2, 3, 4, 5, 6].map((n) => ({
  vip: `10.9.1.${n}`,
  servers: [{ address: '10.9.0.1', ...(n === 1 ? { check: misc } : {}) }, { address: '10.9.0.2' }, { address: DEAD }],
}));
const second: readonly TestService[] = [1, 2, 3, 4, 5, 7].map((n) => ({
  vip: `10.9.1.${n}`,
  servers: [
    { address: '10.9.0.1', ...(n === 1 ? { check: misc } : {}) },
    ...(n === 2 ? [] : [{ address: '10.9.0.2', weight: n }]),
    { address: '10.9.0.3', weight: 2 },
    { address: DEAD },
  ],
}));
const configurations = [first, second] as const;

/** A small seeded generator (mulberry32), so that a failing run can be had again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Target = Victim | 'supervisor' | 'all';
const everyTarget: readonly Target[] = ['director', 'checker', 'runner', 'supervisor', 'all'];

class World {
  readonly context: CaseContext;
  readonly file: string;
  readonly watch = new TableWatch();
  daemon: Daemon | undefined;
  /** Which of the two configurations the table has. */
  shown = 0;
  /** Environment of every lvsd of this world. */
  readonly env: Readonly<Record<string, string>>;

  constructor(context: CaseContext, env: Readonly<Record<string, string>>) {
    this.context = context;
    this.env = env;
    this.file = join(context.folder, 'keepalived.conf');
    context.atEnd(() => this.watch.end());
  }

  write(which: number): void {
    writeFileSync(this.file, configuration(configurations[which] as readonly TestService[]));
  }

  start(): Daemon {
    this.daemon = Daemon.start(this.context, this.file, { env: this.env });
    return this.daemon;
  }

  /** Orders the watch for a change to another configuration: what is in both must stay, who is dead must stay out. */
  async orders(to: number): Promise<void> {
    const [from, next] = [configurations[this.shown], configurations[to]] as [TestService[], TestService[]];
    const alive = inBoth(expected(from, [DEAD]), expected(next, [DEAD]));
    const all = inBoth(expected(from), expected(next));
    await this.watch.order(
      alive,
      all.filter((place) => place.includes(DEAD)),
    );
  }

  /** Waits until the table is what a configuration must make with its dead server found dead. */
  async converged(which: number, limitMs = 120_000): Promise<void> {
    const wanted = tableText(expected(configurations[which] as readonly TestService[], [DEAD]));
    try {
      await until('the table is as the configuration says', () => tableText(readTable()) === wanted, limitMs);
    } catch (error) {
      throw new Error(`${error}\n--- table:\n${tableText(readTable())}\n--- wanted:\n${wanted}\n${this.log()}`);
    }
    this.shown = which;
  }

  log(): string {
    return `--- log of lvsd (status ${this.daemon?.status}):\n${this.daemon?.output}`;
  }

  complain(what: string, breaches: readonly Breach[]): void {
    if (breaches.length === 0) return;
    const lines = breaches.map(({ what: place, kind, at }) => `${place} was ${kind} at ${at} ms`);
    throw new Error(`${what}:\n${lines.join('\n')}\n${this.log()}`);
  }
}

async function openWorld(context: CaseContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  await RealServers.open(context, 5, [DEAD]);
  return new World(context, env);
}

function killNow(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Kills a target `after` milliseconds from now; a role that is not there yet is waited for. */
async function killTarget(world: World, target: Target, after: number): Promise<void> {
  await pause(after);
  const daemon = world.daemon as Daemon;
  if (target === 'supervisor') await daemon.killSupervisor();
  else if (target === 'all') await daemon.killAll();
  else await until(`the ${target} is there to be killed`, () => killNow(daemon.roles().get(target)));
}

/** One kill during a start or a reload, and what must be true after it. */
async function strike(world: World, kind: 'start' | 'reload', target: Target, after: number): Promise<void> {
  const to = 1 - world.shown;
  const what = `kill -9 of ${target} ${Math.round(after)} ms into a ${kind}`;
  if (kind === 'start') await world.daemon?.killAll();
  world.write(to);
  await world.orders(to);
  world.daemon?.clear();
  if (kind === 'start') world.start();
  else world.daemon?.signal('SIGHUP');
  await killTarget(world, target, after);
  if (target === 'supervisor' || target === 'all') world.start();
  else {
    await pause(50);
    if (world.daemon?.status !== undefined) throw new Error(`${what}: lvsd ended\n${world.log()}`);
    // A reload whose role died in its first phase may be refused; it is asked for again, as its message says.
    if (kind === 'reload') {
      await world.daemon?.said(/Reload (?:complete|refused)/);
      if (/Reload refused/.test(world.daemon?.output ?? '')) world.daemon?.signal('SIGHUP');
    }
  }
  try {
    await world.converged(to);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
  }
  world.complain(what, world.watch.take());
}

async function strikes(
  context: CaseContext,
  kind: 'start' | 'reload',
  rounds: number,
  seed: number,
  targets: readonly Target[] = everyTarget,
  env: Readonly<Record<string, string>> = {},
): Promise<World> {
  const world = await openWorld(context, env);
  const random = generator(seed);
  world.write(0);
  const begun = Date.now();
  world.start();
  await world.daemon?.started();
  const startMs = Date.now() - begun;
  await world.converged(0);
  const reloadMs = Math.max(400, startMs / 4);
  const [limit, counts] = [kind === 'start' ? startMs * 1.2 : reloadMs, new Map<Target, number>()];
  for (let round = 0; round < rounds; round++) {
    const target = targets[round % targets.length] as Target;
    counts.set(target, (counts.get(target) ?? 0) + 1);
    await strike(world, kind, target, random() * limit);
  }
  context.note(
    `${rounds} kills within ${Math.round(limit)} ms of a ${kind}, seed ${seed}; the table was looked at ${world.watch.looks} times`,
  );
  return world;
}

/** Stops processes and lets them go on later. */
async function stopped(pids: readonly number[], milliseconds: number): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await pause(milliseconds);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
}

async function serving(context: CaseContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await openWorld(context, env);
  world.write(0);
  world.start();
  await world.daemon?.started();
  await world.converged(0);
  await world.orders(0);
  return world;
}

/** Supervisor and roles stand still for a while, and after another while all is as it was. */
async function everythingStopped(world: World, still: number, afterwards: number): Promise<void> {
  const daemon = world.daemon as Daemon;
  const before = daemon.roles();
  await stopped([daemon.pid, ...before.values()], still);
  await pause(afterwards);
  if (JSON.stringify([...daemon.roles()]) !== JSON.stringify([...before])) throw new Error(world.log());
  world.complain('everything stopped', world.watch.take());
  await world.converged(world.shown);
}

const shortPatience = { LVSD_HEARTBEAT_LIMIT: '10' };

/** LVSD_ROUNDS: fewer kills, for a look in between. */
const rounds = Number(process.env.LVSD_ROUNDS ?? 100);

export const crashCases: readonly Case[] = [
  {
    name: 'kill -9 of the director and of all at random moments of a start: no healthy destination is ever out, no dead one in',
    rung: 'core',
    async run(context) {
      await strikes(context, 'start', 2, 1, ['director', 'all']);
    },
  },
  {
    name: 'kill -9 of a role and of the supervisor at random moments of a reload: no healthy destination is ever out, no dead one in; then everything stopped (SIGSTOP) for longer than the heartbeat limit and the checks: no server fails by it, no role is replaced',
    rung: 'core',
    async run(context) {
      const targets = ['director', 'checker', 'supervisor'] as const;
      const world = await strikes(context, 'reload', 3, 2, targets, shortPatience);
      await world.orders(world.shown);
      await everythingStopped(world, 12_000, 3000);
    },
  },
  {
    name: 'a hundred kills (each role, the supervisor, all) at random moments of starts',
    rung: 'long',
    async run(context) {
      await strikes(context, 'start', rounds, Number(process.env.LVSD_SEED ?? 11));
    },
  },
  {
    name: 'a hundred kills (each role, the supervisor, all) at random moments of reloads',
    rung: 'long',
    async run(context) {
      await strikes(context, 'reload', rounds, Number(process.env.LVSD_SEED ?? 12));
    },
  },
  {
    name: 'a role that is stopped (SIGSTOP) is replaced after its heartbeat limit, and the table serves all the while',
    rung: 'long',
    async run(context) {
      const world = await serving(context, shortPatience);
      const daemon = world.daemon as Daemon;
      const before = daemon.roles();
      for (const pid of before.values()) process.kill(pid, 'SIGSTOP');
      await until('all roles are replaced', () => {
        const now = daemon.roles();
        return [...before].every(([role, pid]) => now.has(role) && now.get(role) !== pid && !lives(pid));
      });
      for (const role of ['Director', 'Healthcheck', 'Runner'])
        await daemon.said(new RegExp(`${role} child process\\(\\d+\\) has been silent for \\d+ seconds: replacing it`));
      world.write(1);
      await world.orders(1);
      daemon.signal('SIGHUP');
      await world.converged(1);
      world.complain('roles stopped', world.watch.take());
    },
  },
  {
    name: 'the supervisor stopped (SIGSTOP) for longer than the heartbeat limit: no role is replaced, no server fails',
    rung: 'long',
    async run(context) {
      const world = await serving(context, shortPatience);
      const daemon = world.daemon as Daemon;
      const before = daemon.roles();
      await stopped([daemon.pid], 11_000);
      await pause(2500);
      if (JSON.stringify([...daemon.roles()]) !== JSON.stringify([...before])) throw new Error(world.log());
      world.complain('supervisor stopped', world.watch.take());
      await world.converged(0);
    },
  },
  {
    name: 'everything stopped for 40 seconds, three times, with the usual heartbeat limit',
    rung: 'long',
    async run(context) {
      const world = await serving(context);
      for (let round = 0; round < 3; round++) await everythingStopped(world, 40_000, 5000);
    },
  },
];
