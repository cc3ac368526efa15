/**
 * What a process is permitted (capabilities(7)).
 *
 * The kernel keeps capabilities for each thread, and a Node process has a dozen before the first line of JavaScript runs.
 * So there are two tools. `spawnWithCapabilities` makes a *child* whose every thread has exactly the given set from its
 * first instruction: the way to start a role. `restrictThread` lowers the calling thread for good; V8's and libuv's helper
 * threads of the same process keep what they had, so it is a second fence, not the first.
 */
import { LvsdError } from '../runtime/errors.js';
import { addon } from './addon.js';
import { checked } from './system-call-error.js';

/** In the kernel's order (uapi/linux/capability.h): the place in the list is the number. */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_GET_SECUREBITS = 27;
const PR_SET_SECUREBITS = 28;
const PR_CAP_AMBIENT = 47;
const AMBIENT_RAISE = 2;
const AMBIENT_CLEAR_ALL = 4;
const SECBIT_NOROOT = 1;

export interface CapabilitySets {
  readonly effective: readonly Capability[];
  readonly permitted: readonly Capability[];
  readonly inheritable: readonly Capability[];
}

const numberOf = (capability: Capability): number => CAPABILITIES.indexOf(capability);

function wordsOf(list: readonly Capability[]): [number, number] {
  const words: [number, number] = [0, 0];
  for (const capability of list) {
    const number = numberOf(capability);
    words[number < 32 ? 0 : 1] |= 1 << (number & 31);
  }
  return words;
}

function listOf(low: number, high: number): Capability[] {
  return CAPABILITIES.filter((_, number) => ((number < 32 ? low : high) & (1 << (number & 31))) !== 0);
}

/** The three sets of the calling thread. */
export function readCapabilities(): CapabilitySets {
  const sets = new Uint32Array(6);
  checked(addon.capget(sets), 'capget', 'Reading the capabilities of this thread');
  const of = (i: number): Capability[] => listOf(sets[i] as number, sets[i + 3] as number);
  return { effective: of(0), permitted: of(1), inheritable: of(2) };
}

function writeCapabilities(sets: CapabilitySets): void {
  const [effectiveLow, effectiveHigh] = wordsOf(sets.effective);
  const [permittedLow, permittedHigh] = wordsOf(sets.permitted);
  const [inheritableLow, inheritableHigh] = wordsOf(sets.inheritable);
  const words = Uint32Array.of(
    effectiveLow,
    permittedLow,
    inheritableLow,
    effectiveHigh,
    permittedHigh,
    inheritableHigh,
  );
  checked(
    addon.capset(words),
    'capset',
    `Setting the capabilities of this thread to ${sets.permitted.join(' ') || 'none'}`,
  );
}

function raiseAmbient(list: readonly Capability[]): void {
  checked(addon.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL, 0), 'prctl', 'Clearing the ambient capabilities');
  for (const capability of list) {
    // A fourth and fifth argument of 0 is what PR_CAP_AMBIENT demands; the addon passes them so.
    const result = addon.prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, numberOf(capability));
    checked(result, 'prctl', `Giving children the capability ${capability}`);
  }
}

/**
 * Lowers the calling thread to the given capabilities, for good: bounding set, effective, permitted, inheritable and
 * ambient. Call it on the main thread, before the first file or name is looked up asynchronously.
 * @throws LvsdError LVSD_CAPABILITY_LACKING when the thread does not have one of them (nothing is changed then)
 */
export function restrictThread(keep: readonly Capability[]): void {
  const { permitted } = readCapabilities();
  requirePermitted(permitted, keep);
  if (permitted.includes('SETPCAP')) {
    CAPABILITIES.forEach((capability, number) => {
      if (keep.includes(capability) || addon.prctl(PR_CAPBSET_READ, number, 0) !== 1) return;
      checked(addon.prctl(PR_CAPBSET_DROP, number, 0), 'prctl', `Giving up the capability ${capability}`);
    });
  }
  writeCapabilities({ effective: keep, permitted: keep, inheritable: keep });
  raiseAmbient(keep);
}

function requirePermitted(permitted: readonly Capability[], wanted: readonly Capability[]): void {
  const lacking = wanted.filter((capability) => !permitted.includes(capability));
  if (lacking.length === 0) return;
  const names = lacking.map((capability) => `CAP_${capability}`).join(' ');
  throw new LvsdError(
    'LVSD_CAPABILITY_LACKING',
    `lvsd needs ${names}, which it was not given: start it as root, or add it to AmbientCapabilities= and CapabilityBoundingSet= of the systemd unit`,
    { fields: { lacking } },
  );
}

/**
 * Runs `spawn` so that the child which it starts has exactly the given capabilities in every thread, and so that neither
 * uid 0 nor a set-uid file gives it or its children more (SECBIT_NOROOT). This thread is as before when it returns.
 *
 * Works because child_process forks and execs inside its call, from the calling thread. Needs CAP_SETPCAP. Not for the
 * runner: the scripts of root must have what root has.
 * @param spawn must start the child synchronously, as child_process.spawn and fork do
 * @throws LvsdError LVSD_CAPABILITY_LACKING
 */
export function spawnWithCapabilities<T>(capabilities: readonly Capability[], spawn: () => T): T {
  const before = readCapabilities();
  requirePermitted(before.permitted, [...capabilities, 'SETPCAP']);
  const securebits = checked(addon.prctl(PR_GET_SECUREBITS, 0, 0), 'prctl', 'Reading the secure bits of this thread');
  try {
    writeCapabilities({ ...before, inheritable: capabilities });
    raiseAmbient(capabilities);
    checked(addon.prctl(PR_SET_SECUREBITS, securebits | SECBIT_NOROOT, 0), 'prctl', 'Setting the secure bits');
    return spawn();
  } finally {
    checked(addon.prctl(PR_SET_SECUREBITS, securebits, 0), 'prctl', 'Setting the secure bits back');
    checked(addon.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL, 0), 'prctl', 'Clearing the ambient capabilities');
    writeCapabilities(before);
  }
}
