/**
 * The dump files: against what keepalived 2.2.7 wrote for the same configuration (fixtures/observe/keepalived_check.data,
 * recorded in the test VM), and how a file gets into its place.
 */
import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { noAddedBlocks } from '../../../config/added.js';
import type { Checker, CheckSchedule, ConnectOptions } from '../../../config/checker.js';
import type { Config } from '../../../config/config.js';
import type { GlobalConfig } from '../../../config/global.js';
import { realServerName, virtualServerName } from '../../../config/names.js';
import type { Script } from '../../../config/script.js';
import type { Forwarding, RealServer, VirtualServer } from '../../../config/virtual-server.js';
import { noVrrp } from '../../../config/vrrp.js';
import { checkerDump, forwardingText } from '../../../observe/dump-check.js';
import { dumpPath, writeDump } from '../../../observe/dump-file.js';
import { globalDefinitions } from '../../../observe/dump-global.js';
import type { CheckerState, StateDocument } from '../../../observe/state.js';
import { emptyGlobal } from '../../../parser/schema/global-draft.js';
import type { IpAddress } from '../../../runtime/addresses.js';
import { isLvsdError } from '../../../runtime/errors.js';
import { fwmark, port, seconds, weight } from '../../../runtime/units.js';
import { exampleState, observeFixtures } from './example-state.js';

process.env.TZ = 'UTC';
const at = { file: 'k.conf', line: 1, column: 1 };
const address = (text: string): IpAddress => text as IpAddress;
const script = (...argv: string[]): Script => ({ command: argv.join(' '), argv, user: undefined, at });

const global: GlobalConfig = { ...emptyGlobal(), routerId: 'lb1', umask: 0o177 };

const schedule = (retry: number, delayBeforeRetry: number): CheckSchedule => ({
  delayLoop: seconds(6),
  warmup: seconds(6),
  retry,
  delayBeforeRetry: seconds(delayBeforeRetry),
  alpha: false,
  logAllFailures: false,
});
const connectTo = (to: string): ConnectOptions => ({
  address: address(to),
  port: port(80),
  bindTo: undefined,
  bindPort: undefined,
  bindIf: undefined,
  fwmark: fwmark(0),
  timeout: seconds(3),
});

function real(to: string, toPort: number, how: Forwarding, more: Partial<RealServer> = {}): RealServer {
  return {
    address: address(to),
    port: port(toPort),
    weight: weight(1),
    forwarding: how,
    upperThreshold: 0,
    lowerThreshold: 0,
    inhibitOnFailure: false,
    notifyUp: undefined,
    notifyDown: undefined,
    alpha: false,
    smtpAlert: true,
    virtualhost: undefined,
    snmpName: undefined,
    checkers: [],
    at,
    ...more,
  };
}

function virtual(target: VirtualServer['target'], how: Forwarding, more: Partial<VirtualServer>): VirtualServer {
  return {
    target,
    protocol: 'TCP',
    family: undefined,
    scheduler: 'rr',
    flags: { ops: false, sched1: false, sched2: false, sched3: false },
    persistence: undefined,
    forwarding: how,
    alpha: false,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    quorumUp: undefined,
    quorumDown: undefined,
    haSuspend: false,
    delayLoop: seconds(60),
    smtpAlert: false,
    virtualhost: undefined,
    snmpName: undefined,
    sorryServer: undefined,
    realServers: [],
    fullnat: {
      localAddressGroup: undefined,
      localAddresses: [],
      synProxy: false,
      establishedTimeout: undefined,
      vipBindDevice: undefined,
    },
    added: undefined,
    at,
    ...more,
  };
}

const direct: Forwarding = { method: 'DR' };
const tunnel: Forwarding = { method: 'TUN', tunnel: { type: 'ipip' } };
const checks: readonly Checker[] = [
  {
    kind: 'HTTP_GET',
    schedule: schedule(1, 3),
    connect: connectTo('10.1.0.2'),
    urls: [
      {
        path: '/',
        digest: undefined,
        statusCodes: [{ first: 200, last: 200 }],
        virtualhost: undefined,
        regex: undefined,
        tlsCompliant: false,
        at,
      },
    ],
    virtualhost: undefined,
    httpProtocol: '1.0',
    enableSni: false,
    sniName: undefined,
    fastRecovery: false,
    at,
  },
  {
    kind: 'MISC_CHECK',
    schedule: schedule(0, 1),
    script: script('/usr/bin/true', 'x'),
    timeout: seconds(0),
    dynamic: false,
    at,
  },
];

/** What the recorded file was configured with. */
const config: Config = {
  global,
  ssl: undefined,
  groups: new Map([
    [
      'g1',
      {
        name: 'g1',
        entries: [
          { kind: 'range', first: address('10.0.0.9'), last: address('10.0.0.9'), port: port(80), at },
          { kind: 'fwmark', mark: fwmark(7), family: undefined, at },
        ],
        at,
      },
    ],
  ]),
  localAddressGroups: new Map(),
  trackFiles: new Map(),
  bfd: new Map(),
  vrrp: noVrrp,
  added: noAddedBlocks,
  virtualServers: [
    virtual({ kind: 'address', address: address('10.0.0.1'), port: port(80) }, direct, {
      delayLoop: seconds(6),
      scheduler: 'wrr',
      persistence: {
        timeout: seconds(300),
        granularity: { family: 'inet', mask: address('255.255.255.255') },
        engine: undefined,
      },
      quorumUp: script('/usr/bin/true', 'up'),
      sorryServer: { address: address('10.1.0.99'), port: port(80), forwarding: direct, inhibit: false, at },
      realServers: [
        real('10.1.0.1', 80, direct, {
          weight: weight(3),
          checkers: [{ kind: 'TCP_CHECK', schedule: schedule(1, 1), connect: connectTo('10.1.0.1'), at }],
        }),
        real('10.1.0.2', 80, direct, { inhibitOnFailure: true, checkers: checks }),
      ],
    }),
    virtual(
      { kind: 'fwmark', mark: fwmark(5), family: 'inet' },
      { method: 'NAT' },
      {
        realServers: [real('10.1.0.1', 0, { method: 'NAT' })],
      },
    ),
    virtual({ kind: 'group', group: 'g1', ordinal: 0 }, tunnel, { realServers: [real('10.1.0.1', 80, tunnel)] }),
  ],
  unbuilt: [],
};

const notRun: CheckerState = {
  kind: 'TCP_CHECK',
  up: true,
  hasRun: false,
  since: null,
  lastRun: null,
  lastResult: null,
  retriesUsed: 0,
  runs: 0,
  failures: 0,
  late: 0,
};

/** Right after the start: everything alive and in the table, nothing checked. */
function stateOf(of: Config, checker: Partial<CheckerState> = {}): StateDocument {
  return {
    ...exampleState(),
    virtualServers: of.virtualServers.map((server) => ({
      name: virtualServerName(server),
      target: { kind: 'group', group: '', ordinal: 0 },
      protocol: server.protocol,
      scheduler: server.scheduler,
      forwarding: server.forwarding.method,
      quorum: { needed: 1, have: 1, hysteresis: 0, up: true, since: null },
      sorryServer: null,
      suspended: false,
      counters: null,
      realServers: server.realServers.map((one) => ({
        name: realServerName(one, server.protocol),
        address: one.address,
        port: one.port,
        forwarding: one.forwarding.method,
        weight: { configured: one.weight, effective: one.weight, inKernel: one.weight },
        alive: true,
        since: null,
        reason: null,
        inhibited: false,
        checkers: one.checkers.map(() => ({ ...notRun, ...checker })),
        counters: null,
      })),
    })),
  };
}

/** Lines of keepalived's that the essay of dump-check.ts names as left out, and those of features that lvsd lacks. */
const leftOut = [
  / reloaded = /,
  /previous effective_weight/,
  /uid:gid = /,
  /Current weight = /,
  /Default delay before retry/,
  /Last status = /,
  /Alive: \d/,
  /^ {3}connection timeout = 5\.0/,
  /VRRP|vrrp|Gratuitous|SNMP|DBus|nftables|libnftnl|BFD|rcv_bufs|rx_bufs|igmp|IGMP/,
  /Num adverts|Send advert|Dynamic interfaces|auto priority|Default smtp_alert_vrrp =|no_checker_emails|realtime limit|FIFO write/,
  /Default script uid:gid/,
  // A fact of the block that holds for every server of it, and that Config keeps per server or per checker only.
  /^ {3}Inhibit on failure is OFF$/,
  /^ {3}Delay loop = [0-9.]+$/,
];
const comparable = (lines: Iterable<string>): string[] =>
  [...lines]
    .map((line) => line.replace(/, uid:gid \d+:\d+$/, ''))
    .filter((line) => !leftOut.some((pattern) => pattern.test(line)));

test('the checker dump is line for line what keepalived 2.2.7 wrote, but for the lines that are left out', () => {
  const recorded = readFileSync(join(observeFixtures, 'keepalived_check.data'), 'utf8').trimEnd().split('\n');
  // Nothing answered in that network: when the file was recorded, each check had failed once and was to be tried again.
  const ours = comparable(checkerDump(config, stateOf(config, { retriesUsed: 1 }), undefined));
  assert.deepEqual(ours, comparable(recorded));
  assert.ok(ours.length > 120);
});

test("the parent's dump is the first section", () => {
  const recorded =
    readFileSync(join(observeFixtures, 'keepalived_check.data'), 'utf8').split('------< LVS Topology')[0] ?? '';
  assert.deepEqual(comparable(globalDefinitions(global, undefined)), comparable(recorded.trimEnd().split('\n')));
});

test('readiness: "Has run = no" is there for each checker until it has run', () => {
  const count = (state: StateDocument, text: string): number =>
    [...checkerDump(config, state, undefined)].filter((line) => line.trim() === text).length;
  assert.equal(count(stateOf(config), 'Has run = no'), 3);
  assert.equal(count(stateOf(config, { hasRun: true }), 'Has run = no'), 0);
  assert.equal(count(stateOf(config, { hasRun: true, up: false }), 'Up = no'), 3);
  assert.equal(count(stateOf(config, { up: false }), 'num failed checkers = 2'), 1);
  assert.equal(count({ ...exampleState(), virtualServers: [] }, 'Has run = no'), 3, 'also before any state is known');
});

test('bug: the checkers of a virtual server that ha_suspend holds back are not enabled in the dump', () => {
  const state = stateOf(config);
  const suspended = { ...state, virtualServers: state.virtualServers.map((one) => ({ ...one, suspended: true })) };
  const count = (of: StateDocument, text: string): number =>
    [...checkerDump(config, of, undefined)].filter((line) => line.trim() === text).length;
  assert.equal(count(state, 'Enabled = yes'), 3);
  assert.equal(count(suspended, 'Enabled = no'), 3);
});

test('secrets are not shown', () => {
  const ssl = { password: 'hunter2', caFile: '/ca', certificateFile: undefined, keyFile: '/key', at };
  const text = [...checkerDump({ ...config, ssl }, stateOf(config), 'ns')].join('\n');
  assert.ok(!text.includes('hunter2'));
  assert.ok(text.includes('------< SSL definitions >------\n Password : ****\n CA-file : /ca\n Key file : /key\n'));
  assert.ok(text.includes(' Network namespace = ns\n'));
});

test('tunnels name their type, port and checksum', () => {
  assert.equal(forwardingText(tunnel), 'TUN, type = IPIP');
  const gue: Forwarding = { method: 'TUN', tunnel: { type: 'gue', port: port(6080), checksum: 'remcsum' } };
  assert.equal(forwardingText(gue), 'TUN, type = GUE, port = 6080 remcsum');
  assert.equal(forwardingText({ method: 'TUN', tunnel: { type: 'gre', checksum: 'nocsum' } }), 'TUN, type = GRE');
});

test('paths are keepalived_check.data in /tmp or TMPDIR, or by state_dump_file', () => {
  assert.equal(dumpPath('check', undefined, undefined), '/tmp/keepalived_check.data');
  assert.equal(dumpPath('parent', '/run/k', undefined), '/run/k/keepalived_parent.data');
  assert.equal(dumpPath('check', undefined, '/run/k.d/state.txt'), '/run/k.d/state_check.txt');
  assert.equal(dumpPath('check', undefined, '/run/k.d/state'), '/run/k.d/state_check');
});

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-dump-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a dump replaces the old file, mode 0600, and leaves nothing else', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'keepalived_check.data');
  writeFileSync(path, 'old', { mode: 0o644 });
  writeDump(path, ['one', 'two']);
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['keepalived_check.data']);
});

test('a link in its place is replaced, and its target is not touched', (t) => {
  const folder = folderFor(t);
  const target = join(folder, 'shadow');
  const path = join(folder, 'keepalived_check.data');
  writeFileSync(target, 'precious');
  symlinkSync(target, path);
  writeDump(path, ['x']);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
  assert.ok(lstatSync(path).isFile());
});

test('lines that fail half-way leave the old file and no litter; a folder that is absent is an error with the path', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'x.data');
  writeFileSync(path, 'old');
  const broken = function* (): Generator<string> {
    yield 'one';
    throw new Error('half-way');
  };
  assert.throws(() => writeDump(path, broken()), /x\.data/);
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['x.data']);
  assert.throws(
    () => writeDump(join(folder, 'none', 'x'), ['x']),
    (error) => isLvsdError(error) && error.code === 'LVSD_DUMP_FILE',
  );
});
