/**
 * lvsd beside keepalived: how long until the kernel's IPVS table is complete (load), and until one changed weight has
 * reached it after SIGHUP (reload).
 *
 * Load: from just before the program is executed (as its operator would, `-n -l -C -f FILE`) until the kernel has every
 * service and destination of the file. Reload: from just before SIGHUP is sent to it, in rest, until the kernel shows
 * the new weight of the one server that differs in the file. Both are seen from outside by one observer that treats
 * both programs alike (table-watch.ts); the first reload of a process counts, when nothing is warm. A load row's servers
 * have a TCP_CHECK each, a reload row's have none (inside.ts says why). Programs take turns in one machine, each start in
 * a fresh network namespace in which all servers are alive; the figure is the median.
 *
 *   -vm    QEMU with Debian's kernel, the processor emulated: harder on V8, whose code is made at run time, than on C
 *   -uml   user-mode Linux: the program runs at native speed on one processor, but a system call costs 15 to 20 us, which
 *          favours whoever sends many messages in one: there keepalived pays for one sendmsg a message
 *   plan-37k-native   processor time of a whole process that parses, plans, compares and encodes, beside `keepalived -t`
 *
 * In the VM the writes that reach IPVS are counted too, at 5k, by the kernel (kernel-count.ts): messages that change the
 * table and sendmsg calls that carry them, at load, at a reload of an unchanged file, at a reload with one changed weight.
 * Of lvsd these are exact numbers, and any other than expected is an error; so is a peer that is missing, a program that
 * ends, and a table that is not what the file says.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Measurement, type Mode, median, type Program, type Size, sizes } from './measurement.js';
import { row } from './native.js';
import { planRow } from './plan-row.js';

type Place = 'vm' | 'uml' | 'native';

interface Choice {
  readonly sizes: readonly Size[];
  readonly places: readonly Place[];
  readonly rounds: number;
  readonly counts: boolean;
}

const USAGE = 'options: --size 5k|37k, --place vm|uml|native, --rounds N (default 3), --no-counts';

function readChoice(args: readonly string[]): Choice {
  let choice: Choice = { sizes: ['5k', '37k'], places: ['vm', 'uml', 'native'], rounds: 3, counts: true };
  for (let i = 0; i < args.length; i++) {
    const value = args[i + 1];
    if (args[i] === '--no-counts') choice = { ...choice, counts: false };
    else if (args[i] === '--size' && value !== undefined && value in sizes) {
      choice = { ...choice, sizes: [value as Size] };
      i++;
    } else if (args[i] === '--place' && (value === 'vm' || value === 'uml' || value === 'native')) {
      choice = { ...choice, places: [value] };
      i++;
    } else if (args[i] === '--rounds' && Number(value) >= 1) {
      choice = { ...choice, rounds: Number(value) };
      i++;
    } else throw new Error(`${args[i]}: ${USAGE}`);
  }
  return choice;
}

/** Runs inside.js in a machine. */
function inMachine(place: 'vm' | 'uml', size: Size, mode: Mode, rounds: number): readonly Measurement[] {
  const interval = place === 'vm' ? 20 : 10;
  const job = [join('setup', `${place}.mjs`), join('build/bench/inside.js'), size, mode, String(rounds), `${interval}`];
  const done = spawnSync(process.execPath, job, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LVSD_VM_TIMEOUT: '900' },
  });
  if (done.status !== 0) throw new Error(`${place}, ${size}: the measurement ended with status ${done.status}`);
  return done.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Measurement);
}

function timed(what: 'load' | 'reload', place: 'vm' | 'uml', size: Size, rounds: number): void {
  const all = inMachine(place, size, what, rounds);
  const of = (program: Program): number[] =>
    all.flatMap((one) => (one.program === program && one.mode === what ? [one.seconds] : []));
  row(`${what}-${size}-${place}`, median(of('lvsd')), median(of('keepalived')), 's');
}

function counted(what: 'load' | 'reload', size: Size): void {
  const all = inMachine('vm', size, 'counted', 1);
  const of = (program: Program): Extract<Measurement, { mode: 'counted' }> => {
    const found = all.find((one) => one.program === program);
    if (found?.mode !== 'counted') throw new Error(`nothing was counted of ${program}`);
    return found;
  };
  const [ours, peer] = [of('lvsd'), of('keepalived')];
  const tell = (part: 'load' | 'unchanged' | 'reload', name: string): void => {
    row(`${name}-messages-${size}-vm`, ours[part].messages, peer[part].messages, 'netlink messages');
    row(`${name}-sends-${size}-vm`, ours[part].sends, peer[part].sends, 'sendmsg calls');
  };
  const expect = (name: string, found: number, wanted: number): void => {
    if (found !== wanted) throw new Error(`${name}: ${found}, and it must be ${wanted}`);
  };
  if (what === 'load') {
    tell('load', 'load');
    const { services, servers } = sizes[size];
    expect(`load-messages-${size}`, ours.load.messages, services + servers);
    return;
  }
  tell('unchanged', 'reload-unchanged');
  tell('reload', 'reload-one-weight');
  expect(`reload-unchanged-messages-${size}`, ours.unchanged.messages, 0);
  expect(`reload-one-weight-messages-${size}`, ours.reload.messages, 1);
  expect(`reload-one-weight-sends-${size}`, ours.reload.sends, 1);
}

/** `npm run bench -- load` and `-- reload`. */
export async function sideBySide(what: 'load' | 'reload', args: readonly string[]): Promise<void> {
  const choice = readChoice(args);
  for (const place of choice.places) {
    if (place === 'native') {
      if (what === 'load' && choice.sizes.includes('37k')) await planRow(Math.max(5, choice.rounds));
      continue;
    }
    for (const size of choice.sizes) {
      timed(what, place, size, choice.rounds);
      // The counts follow from the file alone; the smaller size shows them.
      if (choice.counts && place === 'vm' && size === '5k') counted(what, size);
    }
  }
}
