/** HTTP_GET against servers on loopback. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import type { HttpUrl } from '../../../../config/checker.js';
import { startHttpProbe } from '../../../../healthcheck/probes/http.js';
import { MOST_BODY_BYTES } from '../../../../healthcheck/probes/http-response.js';
import type { ProbeResult } from '../../../../healthcheck/verdict.js';
import { ownedFdCount } from '../../../../native/descriptor.js';
import { seconds } from '../../../../runtime/units.js';
import { answering, connectTo, hostContext, httpCheck, probe, regexOf, responder, target, url } from './rig.js';

const context = hostContext();
after(() => context.close());

/** Asks one url of a server; the server is closed afterwards, and no descriptor may be left. */
async function ask(
  server: Awaited<ReturnType<typeof responder>>,
  more: Partial<HttpUrl> = {},
  timeout = 2,
): Promise<ProbeResult> {
  const before = ownedFdCount();
  try {
    const connect = connectTo(server.port, { timeout: seconds(timeout) });
    return await probe(httpCheck(connect, [url(more)]), context);
  } finally {
    await server.close();
    assert.equal(ownedFdCount(), before, 'no descriptor is left');
  }
}

const failed = (detail: string | RegExp, result: ProbeResult, reason = 'reply'): void => {
  assert.equal(result.ok, false, JSON.stringify(result));
  assert.equal(result.reason, reason);
  if (typeof detail === 'string') assert.equal(result.detail, detail);
  else assert.match(result.detail, detail);
};

const page = 'HTTP/1.0 200 OK\r\nServer: x\r\n\r\n<html>passing</html>';
const pageDigest = createHash('md5').update('<html>passing</html>').digest('hex');

test('status, digest and regex of a plain page', async () => {
  let request = '';
  const seen = (text: string): void => {
    request = text;
  };
  assert.deepEqual(await ask(await answering(page, seen)), { ok: true, detail: 'status 200' });
  assert.match(request, /^GET \/ HTTP\/1\.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/);
  assert.equal((await ask(await answering(page), { digest: pageDigest })).ok, true);
  assert.equal((await ask(await answering(page), { regex: regexOf('pass(ing|ed)') })).ok, true);
  assert.equal(
    (await ask(await answering(page), { regex: regexOf('^Server: x', { options: ['multiline'] }) })).ok,
    true,
  );
  assert.equal((await ask(await answering(page), { regex: regexOf('fail', { negate: true }) })).ok, true);
});

test('the right url of several is asked', async () => {
  let path = '';
  const server = await answering(page, (request) => {
    path = request.split(' ')[1] ?? '';
  });
  try {
    const check = httpCheck(connectTo(server.port), [url(), url({ path: '/second' })]);
    assert.equal((await probe(check, context, 1)).ok, true);
    assert.equal(path, '/second');
    assert.equal((await probe(check, context, 2)).ok, null);
  } finally {
    await server.close();
  }
});

test("failures in keepalived's words", async () => {
  failed(
    'HTTP status code error to server X url(/) status_code [500].',
    await ask(await answering('HTTP/1.1 500 no\r\n\r\n')),
  );
  failed('HTTP status code error to server X url(/) status_code [0].', await ask(await answering('SSH-2.0-x\r\n')));
  failed('Read, no data received from  server X.', await ask(await answering('')));
  failed('Read, no data received from  server X.', await ask(await answering('HTTP/1.1 200 OK\r\nServer: x\r\n')));
  failed(
    `MD5 digest error to server X url[/], MD5SUM [${pageDigest}].`,
    await ask(await answering(page), { digest: '0'.repeat(32) }),
  );
  failed('Regex match failed server X url(/).', await ask(await answering(page), { regex: regexOf('absent') }));
  failed(
    'Regex match failed server X url(/).',
    await ask(await answering(page), { regex: regexOf('passing', { negate: true }) }),
  );
  const closed = await responder(() => {});
  await closed.close();
  failed('Error connecting server X.', await probe(httpCheck(connectTo(closed.port), [url()]), context), 'connection');
});

test('status codes are those that the url names', async () => {
  const statusCodes = [
    { first: 301, last: 302 },
    { first: 404, last: 404 },
  ];
  assert.equal((await ask(await answering('HTTP/1.1 404 no\r\n\r\n'), { statusCodes })).ok, true);
  assert.equal((await ask(await answering('HTTP/1.1 302 no\r\n\r\n'), { statusCodes })).ok, true);
  failed(/status_code \[200\]/, await ask(await answering('HTTP/1.1 200 no\r\n\r\n'), { statusCodes }));
});

test('chunks: the regex sees the page without framing, and both digests are taken', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npass\r\n3\r\ning\r\n0\r\n\r\n';
  assert.equal((await ask(await answering(chunked), { regex: regexOf('passing$') })).ok, true);
  const plain = createHash('md5').update('passing').digest('hex');
  const framed = createHash('md5').update('4\r\npass\r\n3\r\ning\r\n0\r\n\r\n').digest('hex');
  assert.equal((await ask(await answering(chunked), { digest: plain })).ok, true);
  assert.equal((await ask(await answering(chunked), { digest: framed })).ok, true);
});

test('a body that is shorter than promised passes, and is noted', async () => {
  const result = await ask(await answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
  assert.deepEqual(result, { ok: true, detail: 'status 200, body of 3 instead of 10 bytes' });
});

test('an answer that is complete is not waited for to close', async () => {
  const server = await responder((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  );
  assert.equal((await ask(server)).ok, true);
});

test('hostile: silence, a slow drip, a page that stalls', async () => {
  failed('Timeout WEB read server X.', await ask(await responder((socket) => socket.resume()), {}, 0.2), 'timeout');
  const stalling = await responder((socket) => socket.once('data', () => socket.write('HTTP/1.0 200 OK\r\n\r\nabc')));
  failed('Timeout HTTP read server X.', await ask(stalling, {}, 0.2), 'timeout');
  const begun = performance.now();
  const dripping = await responder((socket: Socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\n\r\n');
      const drip = setInterval(() => socket.write('a'), 20);
      socket.on('close', () => clearInterval(drip));
    });
  });
  failed('Timeout HTTP read server X.', await ask(dripping, {}, 0.2), 'timeout');
  const took = performance.now() - begun;
  assert.ok(took >= 590 && took < 5000, `three times the timeout (${Math.round(took)} ms)`);
});

test('hostile: a reset in the middle', async () => {
  const server = await responder((socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\n\r\nabc', () => setTimeout(() => socket.resetAndDestroy(), 20));
    }),
  );
  failed('Read error with server X: Connection reset by peer.', await ask(server));
});

/** Writes `piece` as fast as it is taken, for ever. */
function flooding(head: string, piece: Buffer): Promise<Awaited<ReturnType<typeof responder>>> {
  return responder((socket) =>
    socket.once('data', () => {
      socket.write(head);
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', more);
      more();
    }),
  );
}

test('hostile: header bombs', async () => {
  failed(
    /the header is longer/,
    await ask(await flooding('HTTP/1.0 200 OK\r\n', Buffer.from('X: y\r\n'.repeat(1000))), {}, 5),
  );
  failed(/the header is longer/, await ask(await flooding('HTTP/1.0 200 OK\r\nX: ', Buffer.alloc(8192, 'a')), {}, 5));
  failed(/status_code \[0\]/, await ask(await flooding('', Buffer.alloc(8192, 'a')), {}, 5));
});

test('hostile: endless bodies end at the bound, and memory stays', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'a'), Buffer.from('\r\n')]);
  const before = process.memoryUsage().rss;
  const plain = await ask(await flooding('HTTP/1.0 200 OK\r\n\r\n', Buffer.alloc(65_536, 'a')), {}, 60);
  assert.equal(plain.ok, true, 'only the status was asked for');
  failed(/the body is longer/, await ask(await flooding(head, chunk), { digest: pageDigest }, 60));
  failed(/Regex match failed/, await ask(await flooding(head, chunk), { regex: regexOf('b') }, 60));
  const grown = (process.memoryUsage().rss - before) / 1e6;
  console.log(
    `# three bodies of ${MOST_BODY_BYTES / 1e6} MB grew the process by ${Math.round(grown)} MB, server and regex thread included`,
  );
  assert.ok(grown < 150, `${grown} MB`);
});

test('hostile: many tiny chunks, and chunks that lie', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  // Which of the limits ends it, the whole exchange's or one wait's, is the machine's load.
  failed(
    /Timeout (HTTP|WEB) read/,
    await ask(await flooding(head, Buffer.from('1\r\na\r\n'.repeat(1000))), {}, 0.2),
    'timeout',
  );
  failed(/chunked body is malformed/, await ask(await answering(`${head}ffffffffff\r\n`)));
  failed(/chunked body is malformed/, await ask(await answering(`${head}-1\r\n`)));
});

test('hostile: a page that makes the pattern run away fails alone; checks beside it go on', async () => {
  const bad = await answering(`HTTP/1.0 200 OK\r\n\r\n${'a'.repeat(60)}`);
  const good = await answering(page);
  try {
    const runaway = probe(
      httpCheck(connectTo(bad.port), [url({ regex: regexOf('(([a-z])+.)+[A-Z]([a-z])+$') })]),
      context,
    );
    const beside = probe(httpCheck(connectTo(good.port), [url()]), context);
    const first = await Promise.race([runaway.then(() => 'runaway'), beside.then(() => 'beside')]);
    assert.equal(first, 'beside');
    const result = await runaway;
    failed(/: (stopped after 500 ms|the match limit was exceeded)\.$/, result);
  } finally {
    await bad.close();
    await good.close();
  }
});

test('a pattern that gave up is a failure for regex_no_match too', async () => {
  const regex = regexOf('(*LIMIT_MATCH=1000)(a+)+$', { negate: true });
  failed(/match limit/, await ask(await answering(`HTTP/1.0 200 OK\r\n\r\n${'a'.repeat(40)}b`), { regex }));
});

test('a cancelled run says nothing and closes its connection', async () => {
  let gone: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  let cancel: (() => void) | undefined;
  const server = await responder((socket) => {
    socket.on('close', () => gone?.());
    socket.once('data', () => cancel?.());
  });
  try {
    let said = false;
    cancel = startHttpProbe(httpCheck(connectTo(server.port), [url()]), target('X'), context, () => {
      said = true;
    });
    await closed;
    assert.equal(said, false);
  } finally {
    await server.close();
  }
});
