/**
 * The traffic tests inside the VM: real HTTP through lvsd's table. Each finding is one JSON line (`Finding`) on stdout.
 *
 * 1. NAT, DR and TUN carry traffic of both families to all three servers, with offloads on and off.
 * 2. 20 reloads while connections last and new ones come: not one reset or refusal. Then changes of the scheduler.
 * 3. A server that dies, loudly and silently, is out in time; keepalived beside it on the same servers, by its log.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DirectorDaemon } from '../lab/director-daemon.js';
import { inNamespace, output, outputLater, shell, until } from '../lab/shell.js';
import { buildSite, NOTICED_WITHIN_S, offloadsOff, PLAIN, SERVERS, siteConfig, type Variant, VIPS } from './site.js';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** Undefined: as it should be. */
  readonly trouble?: string;
  /** Figures for a person. */
  readonly note?: string;
}

const CLIENT = join(dirname(fileURLToPath(import.meta.url)), 'client.js');
const CONFIG = '/run/traffic/keepalived.conf';
const RELOADS = 20;
/** Emulation on two busy processors may hold everything up for seconds. */
const SLACK_S = 15;

const find = (finding: Finding): void => void process.stdout.write(`${JSON.stringify(finding)}\n`);

/** Each VIP is asked until all three servers have answered; one wrong answer is one too many. */
async function carriesTraffic(how: string): Promise<void> {
  for (const { address, method, family } of VIPS) {
    const what = `${method} carries ${family} (${how})`;
    const answers = new Map<string, number>();
    const errors: string[] = [];
    const missing = () => SERVERS.filter((name) => !answers.has(name));
    for (let round = 0; round < 10 && errors.length === 0 && missing().length > 0; round++) {
      const said = await outputLater('client', ['node', CLIENT, 'fetch', address, '6']);
      const heard = JSON.parse(said) as { answers: Record<string, number>; errors: string[] };
      errors.push(...heard.errors);
      for (const [who, times] of Object.entries(heard.answers)) answers.set(who, (answers.get(who) ?? 0) + times);
    }
    if (errors.length > 0) find({ what, trouble: errors.join('; ') });
    else if (missing().length > 0) find({ what, trouble: `no answer came from ${missing().join(', ')}` });
    else find({ what, note: SERVERS.map((name) => `${name} ${answers.get(name)}`).join(', ') });
  }
}

const VARIANTS: readonly Variant[] = [
  { ...PLAIN, weights: [5, 1, 2] },
  { ...PLAIN, persistence: 30, extraServer: true },
  { ...PLAIN, weights: [1, 9, 3], extraService: true },
  { ...PLAIN, persistence: 90, extraServer: true, extraService: true },
  PLAIN,
];

/**
 * Changes of the scheduler stand apart: `ip_vs_edit_service` takes the old scheduler away, waits for an RCU grace period
 * and binds the new one, and until then the kernel refuses new connections, whoever asks for the change.
 */
const SCHEDULERS: readonly Variant[] = ['wlc', 'rr', 'sed', 'wrr'].map((scheduler) => ({ ...PLAIN, scheduler }));

/** What the client saw while it held connections. */
interface Held {
  readonly exchanges: number;
  readonly opened: number;
  readonly lasting: number;
  readonly lastingErrors: readonly string[];
  readonly errors: readonly string[];
}

/** Reloads these configurations one after the other while connections last and new ones come. */
async function reloadsUnderTraffic(lvsd: DirectorDaemon, variants: readonly Variant[]): Promise<Held> {
  const before = connectionsSeen();
  const [program = 'ip', ...args] = inNamespace('client', ['node', CLIENT, 'hold', ...VIPS.map((vip) => vip.address)]);
  const client = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  client.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => connectionsSeen() - before >= 4 * VIPS.length, 60, 'the connections of the client to stand');
  for (const variant of variants) {
    writeFileSync(CONFIG, siteConfig(variant));
    await lvsd.reload();
    await pause(200);
  }
  client.kill('SIGTERM');
  await ended(client);
  return JSON.parse(said) as Held;
}

async function reloadsBreakNothing(lvsd: DirectorDaemon): Promise<void> {
  const what = `${RELOADS} reloads without one reset or refusal`;
  const variants = Array.from({ length: RELOADS }, (_, i) => VARIANTS[i % VARIANTS.length] ?? PLAIN);
  const { exchanges, opened, lasting, lastingErrors, errors } = await reloadsUnderTraffic(lvsd, variants);
  const all = [...lastingErrors, ...errors];
  const note = `${lasting} lasting connections with ${exchanges} exchanges, ${opened} new connections, ${all.length} errors`;
  if (all.length > 0) find({ what, trouble: `${note}\n${all.slice(0, 20).join('\n')}` });
  else if (exchanges < lasting * RELOADS || opened < RELOADS) find({ what, trouble: `too little traffic: ${note}` });
  else find({ what, note });
}

async function schedulerChangesBreakNothing(lvsd: DirectorDaemon): Promise<void> {
  const what = 'reloads that change the scheduler keep the connections that stand';
  const { exchanges, opened, lasting, lastingErrors, errors } = await reloadsUnderTraffic(lvsd, SCHEDULERS);
  const note = `${lasting} lasting connections with ${exchanges} exchanges; of ${opened + errors.length} new ones the kernel refused ${errors.length}`;
  const other = errors.filter((error) => !error.includes('ECONNREFUSED'));
  if (lastingErrors.length + other.length > 0) {
    find({ what, trouble: `${note}\n${[...lastingErrors, ...other].slice(0, 20).join('\n')}` });
  } else find({ what, note });
}

/** How many connections IPVS has had since the table was made. */
function connectionsSeen(): number {
  const total = /^ *([0-9A-F]+)/m.exec(output('director', ['tail', '-n', '+3', '/proc/net/ip_vs_stats']));
  return Number.parseInt(total?.[1] ?? '0', 16);
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('close', () => resolve()));

/** Kills or silences a server and compares when each daemon takes it out of all six virtual servers. */
async function noticed(
  daemons: readonly [DirectorDaemon, DirectorDaemon],
  addresses: readonly string[],
  what: string,
  die: () => void | Promise<void>,
): Promise<void> {
  const from = daemons.map(({ log }) => log.length);
  const at = process.uptime() * 1000;
  await die();
  const times = await Promise.all(
    daemons.map(async (daemon, i) => {
      const seconds: number[] = [];
      for (const vip of VIPS) {
        const address = addresses.find((one) => one.includes(':') === (vip.family === 'IPv6'));
        const line = `: Removing service [${address}]:tcp:80 from VS [${vip.address}]:tcp:80`;
        const found = await daemon.line(new RegExp(line.replace(/[[\]]/g, '\\$&')), 90, from[i]);
        seconds.push((found.at - at) / 1000);
      }
      return Math.max(...seconds);
    }),
  );
  const [ours = 0, theirs = 0] = times;
  const note = `out of all six after ${ours.toFixed(1)} s; keepalived ${theirs.toFixed(1)} s; bound ${NOTICED_WITHIN_S} s`;
  if (ours > NOTICED_WITHIN_S + SLACK_S) find({ what, trouble: note });
  else find({ what, note });
}

async function main(): Promise<void> {
  const servers = buildSite();
  mkdirSync('/run/traffic', { recursive: true });
  writeFileSync(CONFIG, siteConfig(PLAIN));
  writeFileSync('/run/traffic/observer.conf', siteConfig(PLAIN));
  const lvsd = DirectorDaemon.start('lvsd', 'director', CONFIG);
  try {
    await lvsd.started();
    await carriesTraffic('offloads on');
    offloadsOff();
    await carriesTraffic('offloads off');
    await reloadsBreakNothing(lvsd);
    await schedulerChangesBreakNothing(lvsd);

    const keepalived = DirectorDaemon.start('keepalived', 'observer', '/run/traffic/observer.conf');
    await keepalived.started();
    const both = [lvsd, keepalived] as const;
    const up = (daemon: DirectorDaemon) =>
      until(
        async () => !/^ *(Has run|Up) = no$/m.test(await daemon.dump()),
        60,
        () => `every server to be up for ${daemon.kind}; its log:\n${daemon.logText}`,
        1000,
      );
    await Promise.all(both.map(up));
    await noticed(both, ['10.0.2.12', 'fd02::12'], 'a server whose program is killed is out in time', async () => {
      await servers[1]?.kill();
    });
    servers[1]?.start();
    await Promise.all(both.map(up));
    await noticed(both, ['10.0.2.13', 'fd02::13'], 'a server that falls silent is out in time', () => {
      shell('ip -n rs3 link set eth0 down');
    });
    await lvsd.stop();
    await keepalived.stop();
  } catch (error) {
    find({ what: 'the tests ran to their end', trouble: `${String(error)}\n--- lvsd ---\n${lvsd.logText}` });
    process.exitCode = 1;
  }
}

await main();
// What still runs after a failure ends with the VM.
process.exit();
