/** TCP_CHECK against sockets on loopback. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ProbeContext } from '../../../../healthcheck/probes/probe.js';
import { startTcpProbe } from '../../../../healthcheck/probes/tcp.js';
import { ownedFdCount } from '../../../../native/descriptor.js';
import { watchCount } from '../../../../native/readiness.js';
import type { Ipv4, Ipv6 } from '../../../../runtime/addresses.js';
import { port, seconds } from '../../../../runtime/units.js';
import { connectTo, hostContext, probe, responder, target, tcpCheck } from './rig.js';

const context = hostContext();
after(() => context.close());

test('a server that accepts is up, and the connection ends with a farewell', async () => {
  const ends: string[] = [];
  let saw: (() => void) | undefined;
  const seen = new Promise<void>((resolve) => {
    saw = resolve;
  });
  const server = await responder((socket) => {
    socket.resume();
    socket.on('end', () => ends.push('end'));
    socket.on('error', (error) => ends.push(error.message));
    socket.on('close', () => saw?.());
  });
  try {
    const result = await probe(tcpCheck(connectTo(server.port)), context);
    assert.deepEqual(result, { ok: true, detail: 'connection established' });
    await seen;
    assert.deepEqual(ends, ['end'], 'FIN, not RST');
  } finally {
    await server.close();
  }
});

test("a closed port is a failure in keepalived's words", async () => {
  const server = await responder(() => {});
  await server.close();
  assert.deepEqual(await probe(tcpCheck(connectTo(server.port)), context), {
    ok: false,
    reason: 'connection',
    detail: 'TCP connection to X failed.',
  });
});

test('IPv6 loopback works as well', async () => {
  const result = await probe(tcpCheck(connectTo(1, { address: '::1' as Ipv6 })), context);
  assert.equal(result.ok, false);
});

test('a server that does not answer is a timeout', async () => {
  // A listening socket with a full queue drops further SYNs: the connect can only time out.
  const { openSocket, bind, listen, connect, localAddress } = await import('../../../../native/socket.js');
  const { inetAddress } = await import('../../../../native/socket-address.js');
  const { closeFd } = await import('../../../../native/descriptor.js');
  const opened = [openSocket(2, 1, 0)];
  try {
    const listener = opened[0] as (typeof opened)[0];
    bind(listener, inetAddress('127.0.0.1' as Ipv4));
    listen(listener, 0);
    const bound = localAddress(listener);
    assert.ok(bound.family === 'inet');
    for (let i = 0; i < 4; i++) {
      const filler = openSocket(2, 1, 0);
      opened.push(filler);
      connect(filler, inetAddress('127.0.0.1' as Ipv4, port(bound.port)));
    }
    const begun = performance.now();
    const result = await probe(tcpCheck(connectTo(bound.port, { timeout: seconds(0.2) })), context);
    assert.deepEqual(result, { ok: false, reason: 'timeout', detail: 'TCP connection to X timeout.' });
    assert.ok(performance.now() - begun >= 199);
  } finally {
    for (const fd of opened) closeFd(fd);
  }
});

test('a fixed source port can be used again at once, whoever closes first', async () => {
  const lasting = await responder((socket) => socket.resume());
  try {
    const free = await responder(() => {});
    await free.close();
    const connect = connectTo(lasting.port, { bindPort: port(free.port) });
    for (let i = 0; i < 3; i++)
      assert.deepEqual((await probe(tcpCheck(connect), context)).detail, 'connection established');
  } finally {
    await lasting.close();
  }
});

test('a type of checker that is not built yet says so, and says nothing about the server', async () => {
  const at = { file: 'test.conf', line: 1, column: 1 };
  const { schedule, connect } = tcpCheck(connectTo(1));
  const result = await probe({ kind: 'DNS_CHECK', schedule, connect, settings: [], at }, context);
  assert.deepEqual(result, { ok: null, detail: 'DNS_CHECK of X: lvsd cannot run this checker yet' });
});

test('our own trouble is no answer: foreign source address, missing device, no socket', async () => {
  const foreign = await probe(tcpCheck(connectTo(1, { bindTo: '192.0.2.77' as Ipv4 })), context);
  assert.equal(foreign.ok, null);
  assert.match(foreign.detail, /could not ask: .*192\.0\.2\.77.*EADDRNOTAVAIL/);
  const device = await probe(tcpCheck(connectTo(1, { bindIf: 'nosuchdev0' })), context);
  assert.equal(device.ok, null);
  assert.match(device.detail, /nosuchdev0.*ENODEV/);
  const refusing: ProbeContext = {
    ...context,
    openSocket: (_request, answer) => answer({ kind: 'refused', why: 'none left' }),
  };
  const none = await probe(tcpCheck(connectTo(1)), refusing);
  assert.deepEqual(none, { ok: null, detail: 'TCP_CHECK of X could not ask: none left' });
  const silent: ProbeContext = { ...context, openSocket: () => {} };
  const late = await probe(tcpCheck(connectTo(1, { timeout: seconds(0.05) })), silent);
  assert.deepEqual(late, { ok: null, detail: 'TCP_CHECK of X could not ask: the socket did not come in time' });
});

test('a cancelled run holds nothing and says nothing; a socket that comes late is closed', async () => {
  const before = ownedFdCount();
  let late: (() => void) | undefined;
  const slow: ProbeContext = {
    ...context,
    openSocket: (request, answer) => {
      late = () => context.openSocket(request, answer);
    },
  };
  let said = false;
  const cancel = startTcpProbe(tcpCheck(connectTo(1)), target('X'), slow, () => {
    said = true;
  });
  await Promise.resolve();
  cancel();
  late?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(said, false);
  assert.equal(ownedFdCount(), before);
});

test('2,000 checks at once leave nothing behind', async () => {
  const server = await responder((socket) => socket.destroy());
  try {
    const before = ownedFdCount();
    const begun = performance.now();
    const source = { bindTo: '127.0.0.9' as Ipv4 };
    const results = await Promise.all(
      Array.from({ length: 2000 }, () =>
        probe(tcpCheck(connectTo(server.port, { ...source, timeout: seconds(10) })), context),
      ),
    );
    const rate = Math.round(2000 / ((performance.now() - begun) / 1000));
    console.log(`# ${rate} TCP checks a second, server in the same process`);
    assert.equal(results.filter((result) => result.ok).length, 2000);
    assert.equal(ownedFdCount(), before);
    assert.equal(watchCount(), 0);
  } finally {
    await server.close();
  }
});
