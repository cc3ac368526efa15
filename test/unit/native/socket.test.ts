/** Sockets of the addon on loopback. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { enterNewNamespace } from '../../../native/process.js';
import { watch } from '../../../native/readiness.js';
import {
  bind,
  bindToDevice,
  bindWithoutPort,
  connect,
  decodeControl,
  encodeControl,
  getOption,
  localAddress,
  openSocket,
  receive,
  send,
  setMark,
  setOption,
} from '../../../native/socket.js';
import {
  inetAddress,
  netlinkAddress,
  packetAddress,
  readSocketAddress,
  unixAddress,
} from '../../../native/socket-address.js';
import { ReceiveBatch, sendBatch } from '../../../native/socket-batch.js';
import { AF, IP, IPPROTO, IPV6, MSG, SO, SOCK, SOL } from '../../../native/socket-options.js';
import { SystemCallError } from '../../../native/system-call-error.js';
import { type IpAddress, ipv4FromNumber, ipv6FromBigInt, parseIpAddress } from '../../../runtime/addresses.js';
import { type Port, port } from '../../../runtime/units.js';

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;

/** Loopback delivers from a soft interrupt, which may come after the sending call has returned. */
const readable = (fd: Fd): Promise<void> =>
  new Promise((resolve) => {
    const watching = watch(fd, { readable: true }, () => {
      watching.stop();
      resolve();
    });
  });

describe('socket addresses', () => {
  test('what is built is read back', () => {
    const addresses = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber),
      fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(ipv6FromBigInt),
    );
    fc.assert(
      fc.property(addresses, fc.integer({ min: 0, max: 65535 }), (address, number) => {
        const read = readSocketAddress(inetAddress(address, port(number)));
        assert.ok(read.family === 'inet' || read.family === 'inet6');
        assert.deepEqual([read.address, read.port], [address, number]);
      }),
    );
    assert.deepEqual(readSocketAddress(netlinkAddress(7, 5)), { family: 'netlink', portId: 7, groups: 5 });
    assert.deepEqual(readSocketAddress(unixAddress('/run/x.sock')), { family: 'unix', path: '/run/x.sock' });
    assert.deepEqual(readSocketAddress(unixAddress('\0abstract')), { family: 'unix', path: '\0abstract' });
    const packet = readSocketAddress(packetAddress(0x0806, 3, Uint8Array.of(1, 2, 3, 4, 5, 6)));
    assert.deepEqual(packet, { family: 'packet', protocol: 0x0806, index: 3, packetType: 0 });
  });

  test('any bytes are read without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), (bytes) => {
        readSocketAddress(bytes);
        decodeControl(bytes);
      }),
    );
  });

  test('ancillary data is read back', () => {
    const parts = [
      { level: 0, type: 2, data: Uint8Array.of(255, 0, 0, 0) },
      { level: 41, type: 50, data: new Uint8Array(20) },
    ];
    const read = decodeControl(encodeControl(parts));
    assert.deepEqual(
      read.map((part) => ({ ...part, data: Uint8Array.from(part.data) })),
      parts,
    );
  });
});

describe('sockets in a network namespace of their own', () => {
  const open: Fd[] = [];
  const opened = (fd: Fd): Fd => {
    open.push(fd);
    return fd;
  };

  before(async () => {
    enterNewNamespace('network');
    const { spawnSync } = await import('node:child_process');
    assert.equal(spawnSync('ip', ['link', 'set', 'lo', 'up']).status, 0);
  });
  after(() => {
    for (const fd of open) closeFd(fd);
  });

  test('a mark, a device and a source without a port', async () => {
    const listener = opened(openSocket(AF.INET, SOCK.STREAM, 0));
    bind(listener, inetAddress(ip('127.0.0.1'), 0));
    const { listen } = await import('../../../native/socket.js');
    listen(listener, 4);
    const at = localAddress(listener);
    assert.ok(at.family === 'inet');
    const fd = opened(openSocket(AF.INET, SOCK.STREAM, 0));
    setMark(fd, 0xfedcba98);
    assert.equal(getOption(fd, SOL.SOCKET, SO.MARK) >>> 0, 0xfedcba98);
    bindToDevice(fd, 'lo');
    bindWithoutPort(fd);
    bind(fd, inetAddress(ip('127.0.0.9'), 0));
    const bound = localAddress(fd);
    assert.equal(bound.family === 'inet' && bound.port, 0);
    const begun = connect(fd, inetAddress(ip('127.0.0.1'), at.port as Port));
    assert.ok(begun === 0 || begun === -115);
    const connected = localAddress(fd);
    assert.ok(connected.family === 'inet' && connected.port > 0 && connected.address === '127.0.0.9');
  });

  test('a batch tells TTL, interface, sender and destination', async () => {
    const receiver = opened(openSocket(AF.INET, SOCK.DGRAM, 0));
    bind(receiver, inetAddress(ip('127.0.0.1'), 0));
    setOption(receiver, IPPROTO.IP, IP.RECVTTL, 1);
    setOption(receiver, IPPROTO.IP, IP.PKTINFO, 1);
    const at = localAddress(receiver);
    assert.ok(at.family === 'inet');
    const to = inetAddress(ip('127.0.0.1'), at.port as Port);
    const sender = opened(openSocket(AF.INET, SOCK.DGRAM, 0));
    bind(sender, inetAddress(ip('127.0.0.5'), 0));
    setOption(sender, IPPROTO.IP, IP.TTL, 255);
    const batch = new ReceiveBatch(8, 64);
    assert.equal(batch.receive(receiver), -11);
    const sent = sendBatch(sender, [
      { data: Buffer.from('one'), to },
      { data: Buffer.from('two, longer'), to },
      { data: Buffer.alloc(100, 7), to },
    ]);
    assert.equal(sent, 3);
    const seen: [string, number, boolean][] = [];
    while (seen.length < 3) {
      await readable(receiver);
      const count = batch.receive(receiver);
      for (let i = 0; i < count; i++) {
        seen.push([batch.data(i).toString('latin1'), batch.data(i).length, (batch.flags(i) & MSG.TRUNC) !== 0]);
        assert.equal(batch.ttl(i), 255);
        assert.equal(batch.interfaceIndex(i), 1);
        assert.equal(batch.destination(i, 'inet'), '127.0.0.1');
        const from = batch.sender(i);
        assert.ok(from.family === 'inet' && from.address === '127.0.0.5');
      }
    }
    assert.deepEqual(seen, [
      ['one', 3, false],
      ['two, longer', 11, false],
      ['\x07'.repeat(64), 64, true],
    ]);
  });

  test('IPv6: hop limit and destination', async () => {
    const receiver = opened(openSocket(AF.INET6, SOCK.DGRAM, 0));
    bind(receiver, inetAddress(ip('::1'), 0));
    setOption(receiver, IPPROTO.IPV6, IPV6.RECVHOPLIMIT, 1);
    setOption(receiver, IPPROTO.IPV6, IPV6.RECVPKTINFO, 1);
    const at = localAddress(receiver);
    assert.ok(at.family === 'inet6');
    const sender = opened(openSocket(AF.INET6, SOCK.DGRAM, 0));
    setOption(sender, IPPROTO.IPV6, IPV6.UNICAST_HOPS, 254);
    assert.equal(send(sender, Buffer.from('six'), inetAddress(ip('::1'), at.port as Port)), 3);
    const batch = new ReceiveBatch(2, 64);
    await readable(receiver);
    assert.equal(batch.receive(receiver), 1);
    assert.equal(batch.ttl(0), 254);
    assert.equal(batch.destination(0, 'inet6'), '::1');
  });

  test('a batch reads a packet socket', async () => {
    const ETH_P_IP_NETWORK_ORDER = 0x0008;
    const packets = opened(openSocket(AF.PACKET, SOCK.DGRAM, ETH_P_IP_NETWORK_ORDER));
    const sender = opened(openSocket(AF.INET, SOCK.DGRAM, 0));
    const batch = new ReceiveBatch(4, 128);
    const seen: string[] = [];
    send(sender, Buffer.from('by packet'), inetAddress(ip('127.0.0.1'), port(9)));
    while (!seen.some((text) => text.endsWith('by packet'))) {
      await readable(packets);
      const count = batch.receive(packets);
      assert.ok(count > 0, `recvmmsg: ${count}`);
      for (let i = 0; i < count; i++) {
        assert.equal(batch.sender(i).family, 'packet');
        seen.push(batch.data(i).toString('latin1'));
      }
    }
  });

  test('a raw VRRP socket sends and receives on loopback', async () => {
    const raw = opened(openSocket(AF.INET, SOCK.RAW, IPPROTO.VRRP));
    assert.equal(send(raw, Buffer.from('advert'), inetAddress(ip('127.0.0.1'))), 6);
    const room = Buffer.alloc(64);
    await readable(raw);
    const { bytes } = receive(raw, room);
    assert.equal(bytes, 26);
    assert.equal(room.subarray(20, 26).toString(), 'advert');
  });

  test('a connect that is refused is seen by the event queue', async () => {
    const fd = opened(openSocket(AF.INET, SOCK.STREAM, 0));
    connect(fd, inetAddress(ip('127.0.0.1'), port(1)));
    await new Promise<void>((resolve) => {
      const watching = watch(fd, { writable: true }, (ready) => {
        assert.equal(ready.failed, true);
        watching.stop();
        resolve();
      });
    });
    assert.equal(getOption(fd, SOL.SOCKET, SO.ERROR), 111);
  });

  test('a refused call names errno, call and object', () => {
    const fd = opened(openSocket(AF.INET, SOCK.STREAM, 0));
    assert.throws(
      () => bind(fd, inetAddress(ip('203.0.113.1'), port(80))),
      (error: unknown) =>
        error instanceof SystemCallError &&
        error.code === 'LVSD_SYSTEM_CALL' &&
        error.errno === 99 &&
        error.errnoName === 'EADDRNOTAVAIL' &&
        error.syscall === 'bind' &&
        error.message.includes('203.0.113.1 port 80'),
    );
  });
});
