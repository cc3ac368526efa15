/** SSL_GET against TLS servers on loopback. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HttpCheck, HttpUrl } from '../../../../config/checker.js';
import { loadTlsMaterial } from '../../../../healthcheck/probes/tls-material.js';
import type { ProbeResult } from '../../../../healthcheck/verdict.js';
import { isLvsdError } from '../../../../runtime/errors.js';
import { seconds } from '../../../../runtime/units.js';
import { repoRoot } from '../../../root.js';
import { connectTo, hostContext, httpCheck, probe, regexOf, responder, url } from './rig.js';

const context = hostContext();
after(() => context.close());

const file = (name: string): string => join(repoRoot, 'fixtures', 'probes', 'tls', name);
const key = readFileSync(file('key.pem'));
const cert = readFileSync(file('certificate.pem'));

/** A TLS server; `serve` gets what came through the handshake. */
function tlsResponder(serve: (socket: TLSSocket) => void, options: TlsOptions = {}): ReturnType<typeof responder> {
  const server = createServer({ key, cert, ...options });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  return responder(() => {}, server);
}

const answering = (
  text: string,
  options: TlsOptions = {},
  seen: (socket: TLSSocket, request: string) => void = () => {},
) =>
  tlsResponder((socket) => {
    socket.once('data', (request: Buffer) => {
      seen(socket, request.toString());
      socket.end(text);
    });
  }, options);

async function ask(
  server: Awaited<ReturnType<typeof responder>>,
  more: Partial<HttpUrl> = {},
  check: Partial<HttpCheck> = {},
  timeout = 5,
): Promise<ProbeResult> {
  try {
    const connect = connectTo(server.port, { timeout: seconds(timeout) });
    return await probe(httpCheck(connect, [url(more)], { kind: 'SSL_GET', ...check }), context);
  } finally {
    await server.close();
  }
}

const page = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npassing';

test('a page over TLS, with a certificate that nobody signed', async () => {
  let request = '';
  const server = await answering(page, {}, (_socket, text) => {
    request = text;
  });
  assert.deepEqual(await ask(server, { regex: regexOf('passing') }), { ok: true, detail: 'status 200, regex matched' });
  assert.match(request, /^GET \/ HTTP\/1\.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/);
});

test('the server name is sent with enable_sni only', async () => {
  const names: (string | false | null)[] = [];
  const seen = (socket: TLSSocket): void => {
    names.push((socket as TLSSocket & { servername: string | false | null }).servername);
  };
  const check = { virtualhost: 'www.example:444' };
  assert.equal((await ask(await answering(page, {}, seen), {}, check)).ok, true);
  assert.equal((await ask(await answering(page, {}, seen), {}, { ...check, enableSni: true })).ok, true);
  assert.equal(
    (await ask(await answering(page, {}, seen), {}, { ...check, enableSni: true, sniName: 'sni.example' })).ok,
    true,
  );
  assert.deepEqual(names, [false, 'www.example', 'sni.example']);
});

test('an old server is spoken to', async () => {
  const old: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' };
  const versions: (string | null)[] = [];
  const server = await answering(page, old, (socket) => versions.push(socket.getProtocol()));
  assert.equal((await ask(server)).ok, true);
  assert.deepEqual(versions, ['TLSv1']);
});

test('an answer that ends without a farewell is an answer', async () => {
  const server = await tlsResponder((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\n\r\npassing', () => setTimeout(() => socket.destroy(), 20));
    });
  });
  assert.equal((await ask(server, { regex: regexOf('passing') })).ok, true);
});

test('failures: status, a closed port, a server that speaks no TLS, an end in the handshake', async () => {
  const wrong = await ask(await answering('HTTP/1.0 500 x\r\n\r\n'));
  assert.deepEqual(wrong, {
    ok: false,
    reason: 'reply',
    detail: 'HTTP status code error to server X url(/) status_code [500].',
  });
  const handshake = { ok: false, reason: 'reply', detail: 'SSL handshake/communication error connecting to server X.' };
  assert.deepEqual(await ask(await responder((socket) => socket.end('SSH-2.0-x\r\n'))), handshake);
  assert.deepEqual(
    await ask(await responder((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    handshake,
  );
  const closed = await responder(() => {});
  await closed.close();
  const check = httpCheck(connectTo(closed.port), [url()], { kind: 'SSL_GET' });
  assert.deepEqual(await probe(check, context), {
    ok: false,
    reason: 'connection',
    detail: 'Error connecting server X.',
  });
});

test('hostile: a handshake that stalls, an answer that stalls, an answer that drips', async () => {
  const stalled = await ask(await responder((socket: Socket) => socket.resume()), {}, {}, 0.2);
  assert.deepEqual(stalled, { ok: false, reason: 'timeout', detail: 'Timeout connecting server X.' });
  const silent = await ask(await tlsResponder((socket) => socket.resume()), {}, {}, 0.5);
  assert.deepEqual(silent, { ok: false, reason: 'timeout', detail: 'Timeout WEB read server X.' });
  const dripping = await tlsResponder((socket) => {
    socket.write('HTTP/1.0 200 OK\r\n\r\n');
    const drip = setInterval(() => socket.write('a'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  const drip = await ask(dripping, {}, {}, 0.5);
  assert.deepEqual(drip, { ok: false, reason: 'timeout', detail: 'Timeout HTTP read server X.' });
});

test('the certificate of the SSL block is shown to servers that ask', async () => {
  const at = { file: 'test.conf', line: 3, column: 1 };
  const block = {
    password: 'swordfish',
    caFile: file('certificate.pem'),
    certificateFile: file('client-certificate.pem'),
    keyFile: file('client-key.pem'),
    at,
  };
  const subjects: (string | undefined)[] = [];
  const server = await answering(page, { requestCert: true, rejectUnauthorized: false }, (socket) => {
    subjects.push(([] as (string | undefined)[]).concat(socket.getPeerCertificate().subject?.CN)[0]);
  });
  try {
    const withOurs = { ...context, tls: loadTlsMaterial(block) };
    const check = httpCheck(connectTo(server.port), [url()], { kind: 'SSL_GET' });
    assert.equal((await probe(check, withOurs)).ok, true);
    assert.deepEqual(subjects, ['director.example']);
  } finally {
    await server.close();
  }
  const code = (wanted: string) => (error: unknown) =>
    isLvsdError(error) && error.code === wanted && error.message.includes('test.conf:3');
  assert.throws(() => loadTlsMaterial({ ...block, keyFile: file('absent.pem') }), code('LVSD_SSL_FILE'));
  assert.throws(() => loadTlsMaterial({ ...block, password: 'wrong' }), code('LVSD_SSL_MATERIAL'));
});
