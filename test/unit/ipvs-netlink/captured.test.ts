/**
 * The codecs against messages that neither lvsd nor its tests made: ipvsadm's requests and the answers of Debian's 6.1
 * kernel, recorded by test/vm/ipvs/capture.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { decodeDestination } from '../../../ipvs-netlink/destination-codec.js';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import {
  addressServiceKey,
  type Destination,
  destinationKeyText,
  type ForwardingMethod,
  fwmarkServiceKey,
  type ServiceKey,
  type ServicePersistence,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import { Command, CommandAttribute, StatisticsAttribute } from '../../../ipvs-netlink/numbers.js';
import { addOperation, type Operation } from '../../../ipvs-netlink/operations.js';
import { ServiceDecoder } from '../../../ipvs-netlink/service-codec.js';
import { decodeStatistics, NO_STATISTICS, readDestinationStatistics } from '../../../ipvs-netlink/statistics.js';
import { decodeDaemon, SyncDaemonControl } from '../../../ipvs-netlink/sync-daemon.js';
import { decodeTimeouts, TimeoutControl } from '../../../ipvs-netlink/timeouts.js';
import { AttributeWriter, forEachAttribute } from '../../../netlink/attribute.js';
import { decodeFamily, GENL_HEADER_LENGTH, GENL_ID_CTRL, GenericRequests } from '../../../netlink/generic-netlink.js';
import {
  decodeError,
  decodeMessages,
  type NetlinkMessage,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from '../../../netlink/message.js';
import type { Answer } from '../../../netlink/request-socket.js';
import { type IpAddress, parseIpAddress } from '../../../runtime/addresses.js';
import { fwmark, port, seconds, weight } from '../../../runtime/units.js';
import { repoRoot } from '../../root.js';

interface Recorded {
  readonly command: string;
  readonly frames: readonly string[];
}

const { recorded } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/netlink/ipvs-6.1.json'), 'utf8')) as {
  recorded: readonly Recorded[];
};

function messagesOf(command: string): NetlinkMessage[] {
  const found = recorded.filter((entry) => entry.command === command).at(-1);
  assert.ok(found !== undefined, `the fixture has no "${command}"`);
  return found.frames.flatMap((hex) => {
    const { messages, reject } = decodeMessages(Buffer.from(hex, 'hex'));
    assert.equal(reject, undefined);
    return [...messages];
  });
}

const isRequest = (message: NetlinkMessage): boolean => (message.flags & NLM_F_REQUEST) !== 0 && message.type > 16;
const requestOf = (command: string): NetlinkMessage => {
  const request = messagesOf(command).filter(
    (message) => isRequest(message) && message.payload[0] !== Command.GET_INFO,
  )[0];
  assert.ok(request !== undefined, command);
  return request;
};

/** Attributes as nested values by number: two messages that say the same in another order are equal. */
type Tree = { [type: string]: Tree | string };
function tree(bytes: Buffer, start: number, end: number, nests: readonly number[]): Tree {
  const result: Tree = {};
  forEachAttribute(bytes, start, end, (type, from, to) => {
    result[type] = nests.includes(type) ? tree(bytes, from, to, []) : bytes.toString('hex', from, to);
  });
  return result;
}
const said = (payload: Buffer): { command: number | undefined; attributes: Tree } => ({
  command: payload[0],
  attributes: tree(payload, GENL_HEADER_LENGTH, payload.length, [1, 2, 3]),
});

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;
const web = addressServiceKey('TCP', ip('192.0.2.1'), port(80));
const web6 = addressServiceKey('TCP', ip('2001:db8::1'), port(443));
const tunnel = (of: Extract<ForwardingMethod, { method: 'tunnel' }>['tunnel']): ForwardingMethod => ({
  method: 'tunnel',
  tunnel: of,
});
const to = (address: string, options: Partial<Destination> = {}, portNumber = 80): Destination => ({
  address: ip(address),
  port: port(portNumber),
  forwarding: { method: 'droute' },
  weight: weight(1),
  upperThreshold: 0,
  lowerThreshold: 0,
  ...options,
});

const newService = (
  service: ServiceKey,
  scheduler: string,
  flags = 0,
  persistence?: ServicePersistence,
  persistenceEngine?: string,
): Operation => ({
  kind: 'new-service',
  serviceText: serviceKeyText(service),
  service,
  settings: { scheduler, flags, persistence, persistenceEngine },
});
const newDest = (service: ServiceKey, destination: Destination): Operation => ({
  kind: 'new-dest',
  serviceText: serviceKeyText(service),
  service,
  destination,
});

const operations: readonly (readonly [string, Operation])[] = [
  ['-A -u 192.0.2.1:53 -s rr -o', newService(addressServiceKey('UDP', ip('192.0.2.1'), port(53)), 'rr', 4)],
  [
    '-A -u 192.0.2.2:5060 -s sh -b sh-port,sh-fallback -p 1800 -M 255.255.255.0 --pe sip',
    newService(
      addressServiceKey('UDP', ip('192.0.2.2'), port(5060)),
      'sh',
      0x18,
      { timeout: seconds(1800), granularity: { family: 'inet', mask: ip('255.255.255.0') } },
      'sip',
    ),
  ],
  [
    '-A --sctp-service 192.0.2.3:9999 -s mh -b mh-port',
    newService(addressServiceKey('SCTP', ip('192.0.2.3'), port(9999)), 'mh', 0x10),
  ],
  [
    '-A -t [2001:db8::1]:443 -s wrr -p 360 -M 64',
    newService(web6, 'wrr', 0, { timeout: seconds(360), granularity: { family: 'inet6', prefix: 64 } }),
  ],
  ['-A -f 77 -s dh', newService(fwmarkServiceKey('inet', fwmark(77)), 'dh')],
  [
    '-A -f 77 -6 -s lc -p 600',
    newService(fwmarkServiceKey('inet6', fwmark(77)), 'lc', 0, {
      timeout: seconds(600),
      granularity: { family: 'inet6', prefix: 128 },
    }),
  ],
  [
    '-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 1000 -y 500',
    newDest(
      web,
      to(
        '10.0.0.1',
        { forwarding: { method: 'masq' }, weight: weight(3), upperThreshold: 1000, lowerThreshold: 500 },
        8080,
      ),
    ),
  ],
  ['-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1', newDest(web, to('10.0.0.2'))],
  [
    '-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2147483647',
    newDest(web, to('10.0.0.3', { forwarding: tunnel({ type: 'ipip' }), weight: weight(2147483647) })),
  ],
  ...(['nocsum', 'csum', 'remcsum'] as const).map(
    (checksum, i) =>
      [
        `-a -t 192.0.2.1:80 -r 10.0.0.${4 + i}:80 -i --tun-type gue --tun-port ${6080 + i} --tun-${checksum}`,
        newDest(web, to(`10.0.0.${4 + i}`, { forwarding: tunnel({ type: 'gue', port: port(6080 + i), checksum }) })),
      ] as const,
  ),
  ...(['nocsum', 'csum'] as const).map(
    (checksum, i) =>
      [
        `-a -t 192.0.2.1:80 -r 10.0.0.${7 + i}:80 -i --tun-type gre --tun-${checksum}`,
        newDest(web, to(`10.0.0.${7 + i}`, { forwarding: tunnel({ type: 'gre', checksum }) })),
      ] as const,
  ),
  [
    '-a -t 192.0.2.1:80 -r [2001:db8::9]:80 -i',
    newDest(web, to('2001:db8::9', { forwarding: tunnel({ type: 'ipip' }) })),
  ],
  ['-a -f 77 -r 10.0.0.1:0 -g', newDest(fwmarkServiceKey('inet', fwmark(77)), to('10.0.0.1', {}, 0))],
  [
    '-a -t [2001:db8::1]:443 -r [2001:db8::2]:443 -m',
    newDest(web6, to('2001:db8::2', { forwarding: { method: 'masq' } }, 443)),
  ],
];

/** ipvsadm says what IPVS takes as the default: tunnel attributes of zero, and the key again in each command. */
function normalised(attributes: Tree): Tree {
  const destination = attributes[CommandAttribute.DEST];
  const service = attributes[CommandAttribute.SERVICE];
  const result: Tree = {};
  if (typeof service === 'object') {
    const { 6: scheduler, 7: flags, 8: timeout, 9: netmask, 11: engine, ...key } = service;
    result.key = key;
    if (destination === undefined)
      result.settings = { scheduler, flags, timeout, netmask, engine: engine ?? '00' } as Tree;
  }
  if (typeof destination === 'object') {
    const { 13: type, 14: tunnelPort, 15: flags, ...rest } = destination;
    result.destination = { ...rest, type: type ?? '00', port: tunnelPort ?? '0000', flags: flags ?? '0000' } as Tree;
  }
  return result;
}

for (const [command, operation] of operations) {
  test(`what lvsd sends for "${command}" is what ipvsadm sends`, () => {
    const request = requestOf(command);
    const requests = new GenericRequests({ id: request.type, version: 1 }).begin();
    addOperation(requests, operation);
    const ours = decodeMessages(requests.batch).messages[0] as NetlinkMessage;
    const mine = said(ours.payload);
    const theirs = said(request.payload);
    assert.equal(mine.command, theirs.command);
    const wanted = normalised(theirs.attributes);
    const got = normalised(mine.attributes);
    if (operation.kind === 'new-service' && operation.settings.persistence === undefined) {
      // Without persistence ipvsadm leaves the timeout and mask that it began with; the kernel looks at neither.
      for (const one of [wanted, got]) {
        const settings = one.settings as Tree;
        settings.timeout = settings.netmask = 'unused';
      }
    }
    assert.deepEqual(got, wanted);
  });
}

const SERVICE_LIST = '-Ln';

function nest(message: NetlinkMessage, wanted: number): [number, number] | undefined {
  let found: [number, number] | undefined;
  forEachAttribute(message.payload, GENL_HEADER_LENGTH, message.payload.length, (type, start, end) => {
    if (type === wanted) found = [start, end];
  });
  return found;
}

test("the kernel's list of services is read, and equal settings are one object", () => {
  const decoder = new ServiceDecoder();
  const services = messagesOf(SERVICE_LIST).flatMap((message) => {
    const at = message.payload[0] === Command.NEW_SERVICE ? nest(message, CommandAttribute.SERVICE) : undefined;
    return at === undefined ? [] : [decoder.decode(message.payload, ...at)];
  });
  assert.ok(services.every((service) => service.ok));
  const texts = services.flatMap((service) => (service.ok ? [serviceKeyText(service.key)] : [])).sort();
  assert.deepEqual(texts, [
    'FWM 77',
    'FWM6 77',
    '[192.0.2.1]:tcp:80',
    '[192.0.2.1]:udp:53',
    '[192.0.2.2]:udp:5060',
    '[192.0.2.3]:sctp:9999',
    '[2001:db8::1]:tcp:443',
  ]);
  for (const service of services) {
    if (!service.ok) continue;
    const wanted = operations.find(
      ([, operation]) => operation.kind === 'new-service' && operation.serviceText === serviceKeyText(service.key),
    )?.[1];
    if (wanted?.kind === 'new-service') assert.deepEqual(service.settings, wanted.settings);
    else
      assert.deepEqual(service.settings, {
        scheduler: 'rr',
        flags: 0,
        persistence: { timeout: 300, granularity: { family: 'inet', mask: '255.255.255.255' } },
        persistenceEngine: undefined,
      });
  }
});

test("the kernel's lists of destinations are what was added", () => {
  const found = messagesOf(SERVICE_LIST).flatMap((message) => {
    const at = message.payload[0] === Command.NEW_DEST ? nest(message, CommandAttribute.DEST) : undefined;
    return at === undefined ? [] : [decodeDestination(message.payload, ...at, 'inet')];
  });
  const texts = new Map<string, Destination>();
  for (const decoded of found) {
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.connections, { active: 0, inactive: 0, persistent: 0 });
    texts.set(destinationKeyText(decoded.destination), decoded.destination);
  }
  for (const [, operation] of operations) {
    if (operation.kind !== 'new-dest') continue;
    const text = destinationKeyText(operation.destination);
    const expected = text === '[10.0.0.2]:80' ? { ...operation.destination, weight: 0 } : operation.destination;
    assert.deepEqual(texts.get(text), expected);
  }
});

/** A channel that answers each request with what the kernel answered to ipvsadm's. */
function replay(command: string): {
  exchange(requests: readonly Uint8Array[] | Uint8Array): Answer[];
  stats: { sends: number; messages: number };
} {
  const messages = messagesOf(command);
  return {
    stats: { sends: 0, messages: 0 },
    exchange: (requests) => {
      const list = requests instanceof Uint8Array ? [requests] : requests;
      return list.map((request) => {
        const asked = decodeMessages(request).messages[0] as NetlinkMessage;
        const greeting = asked.type === GENL_ID_CTRL || asked.payload[0] === Command.GET_INFO;
        const from = greeting ? messagesOf('-A -t 192.0.2.1:80 -s wlc').length : 0;
        const source = from > 0 ? greetingMessages : messages;
        const replyCommand = asked.payload[0] === Command.GET_INFO ? Command.SET_INFO : Command.SET_CONFIG;
        const wanted = (message: NetlinkMessage): boolean =>
          asked.type === GENL_ID_CTRL
            ? message.type === GENL_ID_CTRL && decodeFamily(message.payload) !== undefined
            : message.type === asked.type && message.payload[0] === replyCommand;
        return { ok: true, replies: source.filter(wanted) };
      });
    },
  };
}

const greetingMessages = (recorded[0]?.frames ?? []).flatMap((hex) => [
  ...decodeMessages(Buffer.from(hex, 'hex')).messages,
]);

test('the family, its commands and the info are read from the recorded answers', () => {
  const ipvs = IpvsFamily.open(replay('-L --timeout'));
  assert.equal(ipvs.family.name, 'IPVS');
  assert.equal(ipvs.family.version, 1);
  assert.equal(ipvs.family.maximumAttribute, 6);
  assert.deepEqual(
    [...ipvs.family.commands].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17],
  );
  assert.deepEqual(ipvs.info(), { version: '1.2.1', connectionTableSize: 4096 });
  assert.deepEqual(new TimeoutControl(ipvs).read(), { tcp: 900, tcpFin: 120, udp: 300 });
});

test('timeouts and daemons are read as ipvsadm set them', () => {
  const answer = messagesOf('-L --timeout').find((message) => message.payload[0] === Command.SET_CONFIG);
  assert.deepEqual(decodeTimeouts(answer?.payload ?? Buffer.alloc(0)), { tcp: 900, tcpFin: 120, udp: 300 });
  const daemons = messagesOf('-L --daemon').flatMap((message) => {
    const at = message.payload[0] === Command.NEW_DAEMON ? nest(message, CommandAttribute.DAEMON) : undefined;
    return at === undefined ? [] : [decodeDaemon(message.payload, ...at)];
  });
  const master = {
    state: 'master',
    interface: 'lo',
    syncId: 7,
    maxLength: 1400,
    port: 9000,
    ttl: 4,
    group: '224.0.0.81',
  };
  assert.deepEqual(daemons[0], { ok: true, daemon: master });
  assert.equal(daemons.length, 2);
  assert.ok(daemons[1]?.ok === true && daemons[1].daemon.group === 'ff02::81' && daemons[1].daemon.state === 'backup');
});

test('what lvsd sends to start a daemon is what ipvsadm sends', () => {
  const request = requestOf(
    '--start-daemon master --mcast-interface lo --syncid 7 --sync-maxlen 1400 --mcast-port 9000 --mcast-ttl 4',
  );
  const sent: Buffer[] = [];
  const greeting = replay('-L --timeout');
  const ipvs = IpvsFamily.open({
    stats: greeting.stats,
    exchange: (requests) => {
      if (!(requests instanceof Uint8Array)) sent.push(...requests.map((one) => Buffer.from(one)));
      return greeting.exchange(requests);
    },
  });
  new SyncDaemonControl(ipvs, { dump: () => [] }).start('master', {
    interface: 'lo',
    syncId: 7,
    maxLength: 1400,
    port: port(9000),
    ttl: 4,
    group: undefined,
  });
  const ours = decodeMessages(sent.at(-1) ?? Buffer.alloc(0)).messages[0] as NetlinkMessage;
  assert.deepEqual(said(ours.payload), said(request.payload));
});

test('the refusals that were recorded are read with their errno', () => {
  const expected: readonly (readonly [string, number])[] = [
    ['-A -t 192.0.2.1:80 -s wlc', 17],
    ['-A -t 192.0.2.9:80 -s nosuch', 2],
    ['-a -t 192.0.2.99:80 -r 10.0.0.1:80', 3],
    ['-d -t 192.0.2.1:80 -r 10.9.9.9:80', 2],
  ];
  for (const [command, errno] of expected) {
    const errors = messagesOf(command).filter((message) => message.type === NLMSG_ERROR);
    assert.equal(decodeError(errors.at(-1) as NetlinkMessage)?.errno, errno, command);
  }
});

test('statistics are read from the 64-bit nest, and from the 32-bit one of old kernels', () => {
  const dests = messagesOf('-Ln --stats --exact').filter((message) => message.payload[0] === Command.NEW_DEST);
  const ipvs = IpvsFamily.open(replay('-L --timeout'));
  const read = readDestinationStatistics(ipvs, { dump: () => dests }, web);
  assert.equal(read.length, dests.length);
  assert.deepEqual(read[0]?.statistics, NO_STATISTICS);
  const wide = new AttributeWriter();
  const narrow = new AttributeWriter();
  const byteCounters = new Set<number>([StatisticsAttribute.INBYTES, StatisticsAttribute.OUTBYTES]);
  for (let type: number = StatisticsAttribute.CONNS; type < StatisticsAttribute.PAD; type++) {
    wide.bytes(StatisticsAttribute.PAD, Buffer.alloc(0)).u64(type, BigInt(type) << 40n);
    const isBytes = byteCounters.has(type);
    if (isBytes) narrow.u64(type, BigInt(type) << 40n);
    else narrow.u32(type, 0xfffffff0 + type);
  }
  const fromWide = decodeStatistics(wide.take(), 0, wide.length);
  assert.equal(fromWide.connections, 1n << 40n);
  assert.equal(fromWide.outgoingBytes, 5n << 40n);
  assert.equal(fromWide.rates.outgoingBytes, Number(10n << 40n));
  const fromNarrow = decodeStatistics(narrow.take(), 0, narrow.length);
  assert.equal(fromNarrow.connections, 0xfffffff1n);
  assert.equal(fromNarrow.incomingBytes, 4n << 40n);
});
