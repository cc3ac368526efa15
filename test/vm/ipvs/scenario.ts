/**
 * What ipvs-netlink does to the real IPVS, compared with what ipvsadm says. Runs inside the test VM, as root, started by
 * test/vm/ipvs.test.ts; a node:test program of its own, whose exit status is the verdict. Each test begins with an
 * empty table in a network namespace of its own, because deleted destinations of the one before slow the next.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import {
  addressServiceKey,
  type DesiredService,
  type Destination,
  type ForwardingMethod,
  fwmarkServiceKey,
  SERVICE_ONE_PACKET,
  SERVICE_SCHED2,
  type ServiceKey,
  type ServiceSettings,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import { IpvsProgrammer } from '../../../ipvs-netlink/programmer.js';
import { destinationMap, NOTHING_OWNED, type Ownership } from '../../../ipvs-netlink/reconcile.js';
import { readDestinationStatistics, readServiceStatistics } from '../../../ipvs-netlink/statistics.js';
import { SyncDaemonControl } from '../../../ipvs-netlink/sync-daemon.js';
import { TimeoutControl } from '../../../ipvs-netlink/timeouts.js';
import { enterNewNamespace } from '../../../native/process.js';
import { DumpSocket } from '../../../netlink/dump-socket.js';
import { RequestSocket } from '../../../netlink/request-socket.js';
import { parseIpAddress } from '../../../runtime/addresses.js';
import { MemoryLog } from '../../../runtime/log.js';
import { fwmark, port, seconds, weight } from '../../../runtime/units.js';

function shell(command: string): string {
  const result = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  assert.equal(result.status, 0, `${command}: ${result.stderr}`);
  return result.stdout;
}

const sorted = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

const address = (text: string) => {
  const parsed = parseIpAddress(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
};

const tcp = (vip: string, number = 80): ServiceKey => addressServiceKey('TCP', address(vip), port(number));
const plain = (scheduler: string, flags = 0): ServiceSettings => ({
  scheduler,
  flags,
  persistence: undefined,
  persistenceEngine: undefined,
});

function server(text: string, options: Partial<Destination> & { readonly portNumber?: number } = {}): Destination {
  const { portNumber = 80, ...rest } = options;
  return {
    address: address(text),
    port: port(portNumber),
    forwarding: { method: 'droute' },
    weight: weight(1),
    upperThreshold: 0,
    lowerThreshold: 0,
    ...rest,
  };
}

const tunnel = (of: Extract<ForwardingMethod, { method: 'tunnel' }>['tunnel']): ForwardingMethod => ({
  method: 'tunnel',
  tunnel: of,
});

function table(...services: [ServiceKey, ServiceSettings, ...Destination[]][]): Map<string, DesiredService> {
  return new Map(
    services.map(([key, settings, ...destinations]) => [
      serviceKeyText(key),
      { key, settings, destinations: destinationMap(destinations) },
    ]),
  );
}

function owning(desired: ReadonlyMap<string, DesiredService>): Ownership {
  return {
    services: new Set(desired.keys()),
    destinations: new Map([...desired].map(([text, service]) => [text, new Set(service.destinations.keys())])),
  };
}

interface Director {
  readonly ipvs: IpvsFamily;
  readonly requests: RequestSocket;
  readonly dumps: DumpSocket;
  readonly programmer: IpvsProgrammer;
  readonly log: MemoryLog;
}

async function withDirector(work: (director: Director) => Promise<void>): Promise<void> {
  enterNewNamespace('network');
  shell(
    'ip link set lo up multicast on; ip link add d0 type dummy; ip link set d0 up; ip addr add 10.0.0.254/8 dev d0',
  );
  shell('ip -6 addr add 2001:db8::fe/64 dev d0 nodad; ip route add default dev d0');
  const requests = new RequestSocket('generic');
  const dumps = new DumpSocket('generic');
  try {
    const log = new MemoryLog();
    const ipvs = IpvsFamily.open(requests);
    const programmer = new IpvsProgrammer(ipvs, dumps, log);
    await programmer.read();
    await work({ ipvs, requests, dumps, programmer, log });
  } finally {
    requests.close();
    dumps.close();
  }
}

const everything = (): Map<string, DesiredService> =>
  table(
    [
      tcp('192.0.2.1'),
      plain('wlc'),
      server('10.0.0.1', { portNumber: 8080, forwarding: { method: 'masq' }, weight: weight(3) }),
      server('10.0.0.2', { weight: weight(0) }),
      server('10.0.0.3', { forwarding: tunnel({ type: 'ipip' }), weight: weight(2147483647) }),
      server('10.0.0.4', { forwarding: tunnel({ type: 'gue', port: port(6080), checksum: 'nocsum' }) }),
      server('10.0.0.5', { forwarding: tunnel({ type: 'gue', port: port(6081), checksum: 'csum' }) }),
      server('10.0.0.6', { forwarding: tunnel({ type: 'gue', port: port(6082), checksum: 'remcsum' }) }),
      server('10.0.0.7', { forwarding: tunnel({ type: 'gre', checksum: 'nocsum' }) }),
      server('10.0.0.8', { forwarding: tunnel({ type: 'gre', checksum: 'csum' }) }),
      server('2001:db8::9', { forwarding: tunnel({ type: 'ipip' }) }),
      server('10.0.0.10', { upperThreshold: 1000, lowerThreshold: 500 }),
    ],
    [
      addressServiceKey('UDP', address('192.0.2.1'), port(53)),
      plain('rr', SERVICE_ONE_PACKET),
      server('10.0.0.1', { portNumber: 53 }),
    ],
    [
      addressServiceKey('UDP', address('192.0.2.2'), port(5060)),
      {
        scheduler: 'sh',
        flags: SERVICE_SCHED2,
        persistence: {
          timeout: seconds(1800),
          granularity: { family: 'inet', mask: address('255.255.255.0') },
        },
        persistenceEngine: 'sip',
      },
      server('10.0.0.1', { portNumber: 5060, forwarding: { method: 'masq' } }),
    ],
    [
      addressServiceKey('SCTP', address('192.0.2.3'), port(9999)),
      plain('mh'),
      server('10.0.0.1', { portNumber: 9999 }),
    ],
    [
      tcp('2001:db8::1', 443),
      {
        scheduler: 'wrr',
        flags: 0,
        persistence: { timeout: seconds(360), granularity: { family: 'inet6', prefix: 64 } },
        persistenceEngine: undefined,
      },
      server('2001:db8::2', { portNumber: 443, forwarding: { method: 'masq' } }),
      server('2001:db8::3', { portNumber: 443 }),
    ],
    [fwmarkServiceKey('inet', fwmark(77)), plain('dh'), server('10.0.0.1', { portNumber: 0 })],
    [fwmarkServiceKey('inet6', fwmark(4294967295)), plain('lc'), server('2001:db8::2', { portNumber: 0 })],
  );

/** The same table as ipvsadm's own arguments. */
const expected = sorted(`
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0
-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2147483647 --tun-type ipip
-a -t 192.0.2.1:80 -r 10.0.0.4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
-a -t 192.0.2.1:80 -r 10.0.0.5:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum
-a -t 192.0.2.1:80 -r 10.0.0.6:80 -i -w 1 --tun-type gue --tun-port 6082 --tun-remcsum
-a -t 192.0.2.1:80 -r 10.0.0.7:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 192.0.2.1:80 -r 10.0.0.8:80 -i -w 1 --tun-type gre --tun-csum
-a -t 192.0.2.1:80 -r [2001:db8::9]:80 -i -w 1 --tun-type ipip
-a -t 192.0.2.1:80 -r 10.0.0.10:80 -g -w 1 -x 1000 -y 500
-A -u 192.0.2.1:53 -s rr -o
-a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1
-A -u 192.0.2.2:5060 -s sh -p 1800 -M 255.255.255.0 --pe sip -b sh-port
-a -u 192.0.2.2:5060 -r 10.0.0.1:5060 -m -w 1
-A --sctp-service 192.0.2.3:9999 -s mh
-a --sctp-service 192.0.2.3:9999 -r 10.0.0.1:9999 -g -w 1
-A -t [2001:db8::1]:443 -s wrr -p 360 -M 64
-a -t [2001:db8::1]:443 -r [2001:db8::2]:443 -m -w 1
-a -t [2001:db8::1]:443 -r [2001:db8::3]:443 -g -w 1
-A -f 77 -s dh
-a -f 77 -r 10.0.0.1:0 -g -w 1
-A -f 4294967295 -6 -s lc
-a -f 4294967295 -6 -r [2001:db8::2]:0 -g -w 1
`);

/** ipvsadm -Sn, rebuilt by loading ipvsadm's own arguments into a namespace of their own: both sides print alike. */
function asIpvsadmPrints(lines: readonly string[]): string[] {
  const script = lines.filter((line) => line.startsWith('-A')).concat(lines.filter((line) => line.startsWith('-a')));
  const result = spawnSync(
    'unshare',
    [
      '-n',
      'sh',
      '-c',
      'ip link set lo up; ip link add d0 type dummy; ip link set d0 up; ip addr add 10.0.0.254/8 dev d0; ip -6 addr add 2001:db8::fe/64 dev d0 nodad; while read -r line; do ipvsadm $line || exit 1; done; ipvsadm -Sn',
    ],
    { input: `${script.join('\n')}\n`, encoding: 'utf8' },
  );
  assert.equal(result.status, 0, result.stderr);
  return sorted(result.stdout);
}

test('the whole family: what is programmed is what ipvsadm shows, and read back it is what was wanted', async () => {
  const desired = everything();
  await withDirector(async ({ programmer, requests, dumps, ipvs, log }) => {
    const sendsBefore = requests.stats.sends;
    const report = await programmer.converge(desired, NOTHING_OWNED);
    assert.deepEqual(
      report.refused.map((refused) => refused.line),
      [],
    );
    assert.equal(report.messages, 24);
    assert.equal(report.sends, 1);
    assert.equal(requests.stats.sends - sendsBefore, 1);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), asIpvsadmPrints(expected));
    assert.match(shell('ipvsadm -Ln --thresholds'), /10\.0\.0\.10:80\s+1000\s+500/);
    assert.deepEqual(log.lines, []);

    const again = new IpvsProgrammer(ipvs, dumps, log);
    const read = await again.read();
    assert.deepEqual(read, { services: 7, destinations: 17, rejected: 0 });
    for (const [text, service] of desired) assert.deepEqual({ ...again.services.get(text) }, service, text);
    assert.deepEqual(again.plan(desired, NOTHING_OWNED), []);
    assert.equal((await again.converge(desired, owning(desired))).messages, 0);
  });
});

test('edits happen in place: connections counters stay, one changed weight is one message', async () => {
  const before = table([tcp('192.0.2.1'), plain('wlc'), server('10.0.0.1'), server('10.0.0.2'), server('10.0.0.3')]);
  await withDirector(async ({ programmer, requests }) => {
    await programmer.converge(before, NOTHING_OWNED);
    const after = table([
      tcp('192.0.2.1'),
      plain('wlc'),
      server('10.0.0.1'),
      server('10.0.0.2', { weight: weight(9) }),
      server('10.0.0.3'),
    ]);
    const { sends, messages } = requests.stats;
    const report = await programmer.converge(after, owning(before));
    assert.deepEqual([report.messages, report.sends], [1, 1]);
    assert.deepEqual([requests.stats.messages - messages, requests.stats.sends - sends], [1, 1]);
    assert.match(shell('ipvsadm -Sn'), /10\.0\.0\.2:80 -g -w 9/);

    const reshaped = table([
      tcp('192.0.2.1'),
      {
        scheduler: 'sh',
        flags: SERVICE_SCHED2,
        persistence: { timeout: seconds(60), granularity: { family: 'inet', mask: address('255.255.0.0') } },
        persistenceEngine: undefined,
      },
      server('10.0.0.1', { forwarding: tunnel({ type: 'gre', checksum: 'csum' }) }),
      server('10.0.0.4'),
    ]);
    const second = await programmer.converge(reshaped, owning(after));
    assert.deepEqual(second.refused, []);
    assert.equal(second.messages, 5);
    assert.deepEqual(
      sorted(shell('ipvsadm -Sn')),
      asIpvsadmPrints([
        '-A -t 192.0.2.1:80 -s sh -p 60 -M 255.255.0.0 -b sh-port',
        '-a -t 192.0.2.1:80 -r 10.0.0.1:80 -i -w 1 --tun-type gre --tun-csum',
        '-a -t 192.0.2.1:80 -r 10.0.0.4:80 -g -w 1',
      ]),
    );
    const back = await programmer.converge(before, owning(reshaped));
    assert.deepEqual(back.refused, []);
    assert.match(shell('ipvsadm -Sn'), /^-A -t 192\.0\.2\.1:80 -s wlc$/m);
    assert.match(shell('ipvsadm -Sn'), /10\.0\.0\.1:80 -g -w 1$/m);
  });
});

test('what was left by others: adopted where wanted, removed where owned, untouched where foreign', async () => {
  await withDirector(async ({ programmer }) => {
    shell('ipvsadm -A -t 192.0.2.1:80 -s rr; ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5');
    shell('ipvsadm -A -t 192.0.2.8:80 -s rr; ipvsadm -a -t 192.0.2.8:80 -r 10.0.0.8:80 -g');
    shell('ipvsadm -A -t 192.0.2.9:80 -s rr; ipvsadm -a -t 192.0.2.9:80 -r 10.0.0.9:80 -g');
    await programmer.read();
    const desired = table([tcp('192.0.2.1'), plain('wlc'), server('10.0.0.1'), server('10.0.0.2')]);
    const report = await programmer.converge(desired, {
      services: new Set(['[192.0.2.8]:tcp:80']),
      destinations: new Map(),
    });
    assert.equal(report.messages, 4);
    assert.deepEqual(
      sorted(shell('ipvsadm -Sn')),
      sorted(`
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1
-A -t 192.0.2.9:80 -s rr
-a -t 192.0.2.9:80 -r 10.0.0.9:80 -g -w 1
`),
    );
  });
});

test('drift: put back, set back, a lowered weight kept, a foreign service and destination untouched', async () => {
  const desired = table(
    [tcp('192.0.2.1'), plain('wlc'), server('10.0.0.1', { weight: weight(5) }), server('10.0.0.2')],
    [tcp('192.0.2.2'), plain('wlc'), server('10.0.0.1')],
  );
  await withDirector(async ({ programmer, log }) => {
    await programmer.converge(desired, NOTHING_OWNED);
    const owned = owning(desired);
    assert.deepEqual((await programmer.verify(100, owned, 'repair')).findings, []);
    shell('ipvsadm -A -t 192.0.2.9:80 -s rr; ipvsadm -a -t 192.0.2.9:80 -r 10.0.0.9:80 -g');
    shell('ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.2:80; ipvsadm -e -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 2');
    shell('ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.77:80 -g; ipvsadm -D -t 192.0.2.2:80');
    const told = await programmer.verify(100, owned, 'report');
    assert.equal(told.report.messages, 0);
    assert.deepEqual(told.findings.map((finding) => finding.kind).sort(), [
      'destination-foreign',
      'destination-missing',
      'service-missing',
      'weight-lowered',
    ]);
    const found = await programmer.verify(100, owned, 'repair');
    assert.equal(found.report.messages, 3);
    assert.equal(log.lines.length, 4 + 2, 'what is kept is told once, what is repaired is told again');
    const now = sorted(`
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 2
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1
-a -t 192.0.2.1:80 -r 10.0.0.77:80 -g -w 1
-A -t 192.0.2.2:80 -s wlc
-a -t 192.0.2.2:80 -r 10.0.0.1:80 -g -w 1
-A -t 192.0.2.9:80 -s rr
-a -t 192.0.2.9:80 -r 10.0.0.9:80 -g -w 1
`);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), now);
    await programmer.verify(100, owned, 'repair');
    assert.deepEqual((await programmer.verify(100, owned, 'repair')).findings, [], 'each is told once');
    assert.equal((await programmer.converge(new Map(desired), owned)).messages, 0, 'a reload keeps the lowered weight');
    shell('ipvsadm -e -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 40; ipvsadm -E -t 192.0.2.1:80 -s rr');
    const raised = await programmer.verify(100, owned, 'repair');
    assert.deepEqual(raised.findings.map((finding) => finding.kind).sort(), ['destination-changed', 'service-changed']);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), now);
  });
});

test('a refused operation does not stop the rest; each scheduler that is missing is told once', async () => {
  const desired = table(
    [tcp('192.0.2.1'), plain('nosuch'), server('10.0.0.1')],
    [tcp('192.0.2.2'), plain('nosuch'), server('10.0.0.1')],
    [tcp('192.0.2.3'), plain('rr'), server('2001:db8::9'), server('10.0.0.1')],
  );
  await withDirector(async ({ programmer, log }) => {
    const report = await programmer.converge(desired, NOTHING_OWNED);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), [
      '-A -t 192.0.2.3:80 -s rr',
      '-a -t 192.0.2.3:80 -r 10.0.0.1:80 -g -w 1',
    ]);
    assert.equal(report.refused.length, 3);
    assert.equal(report.skipped.length, 2);
    assert.equal(report.done, 2);
    const scheduler = log.lines.filter((line) => line.includes('"nosuch"'));
    assert.equal(scheduler.length, 1);
    assert.match(
      scheduler[0] ?? '',
      /^IPVS cmd IP_VS_SO_SET_ADD\(1154\) error: Scheduler or persistence engine not found\(2\) \(.*modprobe ip_vs_nosuch/,
    );
    assert.ok(
      log.lines.some((line) => line.startsWith('IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Invalid operation.')),
    );
  });
});

test('changes behind the back are tolerated: what exists is edited, what is gone is put back', async () => {
  const first = table([tcp('192.0.2.1'), plain('wlc'), server('10.0.0.1'), server('10.0.0.2')]);
  await withDirector(async ({ programmer }) => {
    shell('ipvsadm -A -t 192.0.2.1:80 -s rr; ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 7');
    const added = await programmer.converge(first, NOTHING_OWNED);
    assert.deepEqual([added.tolerated, added.refused.length], [2, 0]);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), [
      '-A -t 192.0.2.1:80 -s wlc',
      '-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1',
      '-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1',
    ]);
    shell('ipvsadm -D -t 192.0.2.1:80');
    const second = table([
      tcp('192.0.2.1'),
      plain('rr'),
      server('10.0.0.1', { weight: weight(4) }),
      server('10.0.0.2', { weight: weight(5) }),
    ]);
    const back = await programmer.converge(second, owning(first));
    assert.deepEqual([back.tolerated, back.refused.length], [3, 0]);
    assert.deepEqual(sorted(shell('ipvsadm -Sn')), [
      '-A -t 192.0.2.1:80 -s rr',
      '-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 4',
      '-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 5',
    ]);
    shell('ipvsadm -C');
    const gone = await programmer.converge(new Map(), owning(second));
    assert.deepEqual([gone.tolerated, gone.refused.length], [1, 0]);
  });
});

test('sync daemons and timeouts: set, idempotent, put back', async () => {
  await withDirector(async ({ ipvs, dumps }) => {
    const timeouts = new TimeoutControl(ipvs);
    const original = timeouts.read();
    assert.equal(timeouts.set(undefined), false);
    assert.equal(timeouts.set({ tcp: seconds(1000), tcpFin: undefined, udp: seconds(77) }), true);
    assert.equal(timeouts.set({ tcp: seconds(1000), tcpFin: undefined, udp: seconds(77) }), false);
    assert.match(shell('ipvsadm -L --timeout'), new RegExp(`1000 ${original.tcpFin} 77`));
    assert.equal(timeouts.restore(), true);
    assert.deepEqual(timeouts.read(), original);

    const daemons = new SyncDaemonControl(ipvs, dumps);
    const settings = {
      interface: 'd0',
      syncId: 7,
      maxLength: 1400,
      port: port(9000),
      ttl: 4,
      group: address('224.0.0.82'),
    };
    shell('ip link set d0 multicast on');
    assert.equal(daemons.start('master', settings), true);
    assert.equal(daemons.start('master', settings), false);
    const lean = {
      interface: 'd0',
      syncId: 9,
      maxLength: undefined,
      port: undefined,
      ttl: undefined,
      group: undefined,
    };
    assert.equal(daemons.start('backup', lean), true);
    assert.equal(daemons.start('backup', lean), false);
    assert.match(
      shell('ipvsadm -L --daemon'),
      /master sync daemon \(mcast=d0, syncid=7, maxlen=1400, group=224\.0\.0\.82, port=9000, ttl=4\)/,
    );
    assert.match(shell('ipvsadm -L --daemon'), /backup sync daemon \(mcast=d0, syncid=9/);
    assert.equal(daemons.start('master', { ...settings, syncId: 8 }), true, 'other settings: stopped and started');
    assert.match(shell('ipvsadm -L --daemon'), /master sync daemon \(mcast=d0, syncid=8/);
    assert.throws(
      () => daemons.start('master', { ...settings, interface: 'nosuch0' }),
      /IP_VS_SO_SET_STARTDAEMON\(1163\)/,
    );
    assert.equal(daemons.stop('backup'), true);
    assert.equal(daemons.stop('backup'), false);
    assert.equal(daemons.stop('master'), false, 'it ended when its change was refused');
    assert.deepEqual(daemons.read(), []);
  });
});

test('info, statistics, zero and flush', async () => {
  await withDirector(async ({ ipvs, dumps, programmer }) => {
    assert.match(ipvs.info().version, /^1\.2\.\d+$/);
    assert.ok(ipvs.info().connectionTableSize >= 256);
    const key = tcp('10.0.0.254', 8080);
    shell('ip link set lo up');
    await programmer.converge(
      table([key, plain('rr'), server('10.0.0.254', { portNumber: 1, forwarding: { method: 'masq' } })]),
      NOTHING_OWNED,
    );
    const connect = "require('net').connect(8080, '10.0.0.254').on('error', () => {})";
    spawnSync(process.execPath, ['-e', connect], { timeout: 20000 });
    const text = serviceKeyText(key);
    // The kernel adds up its counters every two seconds.
    const until = Date.now() + 20000;
    const read = () => readServiceStatistics(ipvs, dumps).get(text);
    while (read()?.statistics.connections === 0n && Date.now() < until) await pause(100);
    const service = read();
    const destination = readDestinationStatistics(ipvs, dumps, key)[0];
    assert.equal(service?.statistics.connections, 1n);
    assert.ok((service?.statistics.incomingBytes ?? 0n) >= 40n);
    assert.equal(destination?.statistics.connections, 1n);
    assert.equal((destination?.connections.active ?? 0) + (destination?.connections.inactive ?? 0), 1);
    ipvs.zero(key);
    assert.equal(readServiceStatistics(ipvs, dumps).get(text)?.statistics.connections, 0n);
    ipvs.zero();
    ipvs.flush();
    assert.equal(shell('ipvsadm -Sn'), '');
  });
});

test('without permission it is said so', async () => {
  await withDirector(async () => {
    const code = `import('${new URL('../../../ipvs-netlink/ipvs-family.js', import.meta.url)}').then(async (m) => {
      const { RequestSocket } = await import('${new URL('../../../netlink/request-socket.js', import.meta.url)}');
      try { m.IpvsFamily.open(new RequestSocket('generic')); } catch (error) { console.log(error.code, error.message); }
    })`;
    const result = spawnSync('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, '-e', code], {
      encoding: 'utf8',
    });
    assert.match(result.stdout, /^LVSD_IPVS_PERMISSION .*CAP_NET_ADMIN/, result.stderr);
  });
});

test('load: 5,000 services with 4 servers each', async () => {
  const services: [ServiceKey, ServiceSettings, ...Destination[]][] = [];
  for (let i = 0; i < 5000; i++) {
    const servers = [0, 1, 2, 3].map((n) => server(`10.${n}.${i >> 8}.${i & 255 || 1}`, { weight: weight(1) }));
    services.push([tcp(`192.0.${i >> 8}.${i & 255}`), plain('wlc'), ...servers]);
  }
  const desired = table(...services);
  await withDirector(async ({ programmer, requests, dumps, ipvs, log }) => {
    const cpu = process.cpuUsage();
    const began = performance.now();
    const report = await programmer.converge(desired, NOTHING_OWNED);
    const took = performance.now() - began;
    const used = process.cpuUsage(cpu);
    assert.deepEqual([report.done, report.refused.length], [25000, 0]);
    const second = performance.now();
    assert.equal((await programmer.converge(everyOther(desired), owning(desired))).messages, 0);
    const unchanged = performance.now() - second;
    const third = performance.now();
    const again = new IpvsProgrammer(ipvs, dumps, log);
    assert.deepEqual(await again.read(), { services: 5000, destinations: 20000, rejected: 0 });
    const reading = performance.now() - third;
    const fourth = performance.now();
    let seen = 0;
    while (seen < 5000) {
      const verified = await programmer.verify(325, owning(new Map()), 'repair');
      assert.deepEqual(verified.findings, []);
      seen += verified.services;
    }
    const verifying = performance.now() - fourth;
    const figures = {
      load: Math.round(took),
      loadCpu: Math.round((used.user + used.system) / 1000),
      sends: report.sends,
      unchanged: Math.round(unchanged),
      read: Math.round(reading),
      verify: Math.round(verifying),
      messages: requests.stats.messages,
      overruns: requests.stats.overruns,
    };
    console.log(`speed 5000x4, milliseconds: ${JSON.stringify(figures)}`);
  });
});

/** An equal table of other objects, as a reload makes it. */
function everyOther(desired: ReadonlyMap<string, DesiredService>): Map<string, DesiredService> {
  return new Map(
    [...desired].map(([text, { key, settings, destinations }]) => [
      text,
      { key, settings: { ...settings }, destinations: new Map([...destinations].map(([t, d]) => [t, { ...d }])) },
    ]),
  );
}
