/**
 * Probes against real servers, nginx and openssl s_server, over a veth: in network namespaces of this test's own.
 *
 * The test's process moves into a new namespace, the director; the servers live in a second one. What bindto,
 * bind_port, bind_if and fwmark do is seen where it counts: at the server, and in the routing.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ProbeResult } from '../../healthcheck/verdict.js';
import { enterNewNamespace } from '../../native/process.js';
import type { IpAddress } from '../../runtime/addresses.js';
import { fwmark, port, seconds } from '../../runtime/units.js';
import { repoRoot } from '../root.js';
import { connectTo, hostContext, httpCheck, probe, regexOf, tcpCheck, url } from '../unit/healthcheck/probes/rig.js';

const SERVER = '10.99.0.2' as IpAddress;
const SECOND_SOURCE = '10.99.0.7' as IpAddress;
const context = hostContext();
const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'lvsd-netns-probes-'));
let serverPid = 0;

/** Runs a program and fails with what it said. */
function must(...argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  const ran = spawnSync(program, rest, { encoding: 'utf8' });
  assert.equal(ran.status, 0, `${argv.join(' ')}: ${ran.stderr}${ran.error ?? ''}`);
  return ran.stdout;
}

const inServer = (...argv: readonly string[]): readonly string[] => ['nsenter', '-t', String(serverPid), '-n', ...argv];

function start(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Waits until something listens in the server's namespace. */
async function listening(portNumber: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const result = await probe(tcpCheck(connectTo(portNumber, { address: SERVER })), context);
    if (result.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${portNumber}`);
}

interface SetupTools {
  ensurePeers(): Promise<string>;
  treeEnvironment(tree: string): NodeJS.ProcessEnv;
}

before(async () => {
  // Fetched before the namespace is left that has the way out.
  const tools = (await import(pathToFileURL(join(repoRoot, 'setup', 'tools.mjs')).href)) as SetupTools;
  const peers = await tools.ensurePeers();

  enterNewNamespace('network');
  const holder = start(['unshare', '-n', 'sleep', '1000']);
  serverPid = holder.pid ?? 0;
  for (let i = 0; i < 500; i++) {
    const theirs = spawnSync('readlink', [`/proc/${serverPid}/ns/net`], { encoding: 'utf8' }).stdout;
    const ours = spawnSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).stdout;
    if (theirs !== '' && theirs !== ours) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  must('ip', 'link', 'set', 'lo', 'up');
  must(
    'ip',
    'link',
    'add',
    'probe0',
    'address',
    '02:00:00:00:99:01',
    'type',
    'veth',
    'peer',
    'name',
    'server0',
    'address',
    '02:00:00:00:99:02',
  );
  must('ip', 'link', 'set', 'server0', 'netns', String(serverPid));
  must('ip', 'link', 'add', 'probe1', 'type', 'veth', 'peer', 'name', 'nowhere1');
  must('ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'probe0');
  must('ip', 'addr', 'add', `${SECOND_SOURCE}/24`, 'dev', 'probe0');
  // The way that a marked packet takes leads nowhere.
  must('ip', 'rule', 'add', 'fwmark', '0x99', 'table', '99');
  must('ip', 'route', 'add', 'unreachable', 'default', 'table', '99');
  for (const device of ['probe0', 'probe1']) must('ip', 'link', 'set', device, 'up');
  must(...inServer('ip', 'link', 'set', 'lo', 'up'));
  must(...inServer('ip', 'addr', 'add', `${SERVER}/24`, 'dev', 'server0'));
  must(...inServer('ip', 'link', 'set', 'server0', 'up'));

  mkdirSync(join(folder, 'html'));
  writeFileSync(join(folder, 'html', 'index.html'), `<html>${'x'.repeat(100_000)}passing</html>`);
  const tls = join(repoRoot, 'fixtures', 'probes', 'tls');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit; user root;
events { worker_connections 512; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  server {
    listen 80; listen [::]:80; listen 443 ssl;
    ssl_certificate ${tls}/certificate.pem; ssl_certificate_key ${tls}/key.pem;
    root ${folder}/html;
    location /gone { return 410 "gone"; }
    location /where { return 200 "host=$host from=$remote_addr:$remote_port sni=$ssl_server_name"; }
  }
}
`,
  );
  start(
    inServer(join(peers, 'usr/sbin/nginx'), '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')),
    tools.treeEnvironment(peers),
  );
  await listening(80);
});

after(async () => {
  await context.close();
  for (const child of children) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

const page = `<html>${'x'.repeat(100_000)}passing</html>`;

for (const [kind, portNumber] of [
  ['HTTP_GET', 80],
  ['SSL_GET', 443],
] as const) {
  const ask = (more: Parameters<typeof url>[0], check: Partial<Parameters<typeof httpCheck>[2]> = {}) =>
    probe(
      httpCheck(connectTo(portNumber, { address: SERVER, timeout: seconds(5) }), [url(more)], { kind, ...check }),
      context,
    );

  test(`${kind} of nginx: status, digest, regex, in each protocol version`, async () => {
    for (const httpProtocol of ['1.0', '1.0C', '1.1'] as const) {
      const digest = createHash('md5').update(page).digest('hex');
      const all = await ask({ path: '/index.html', digest, regex: regexOf('xpassing</html>$') }, { httpProtocol });
      assert.deepEqual(all, { ok: true, detail: 'status 200, digest right, regex matched' });
      const absent = await ask({ path: '/absent' }, { httpProtocol });
      assert.equal(
        absent.ok === false && absent.detail,
        'HTTP status code error to server X url(/absent) status_code [404].',
      );
      assert.equal((await ask({ path: '/gone', statusCodes: [{ first: 410, last: 410 }] }, { httpProtocol })).ok, true);
    }
    const named = await ask({ path: '/where', regex: regexOf('host=www\\.example ') }, { virtualhost: 'www.example' });
    assert.equal(named.ok, true, named.detail);
  });
}

test('SSL_GET sends the server name that nginx sees', async () => {
  const connect = connectTo(443, { address: SERVER });
  const check = { kind: 'SSL_GET', virtualhost: 'www.example', enableSni: true } as const;
  const result = await probe(
    httpCheck(connect, [url({ path: '/where', regex: regexOf('sni=www\\.example$') })], check),
    context,
  );
  assert.equal(result.ok, true, result.detail);
});

test('SSL_GET of openssl s_server, one version of TLS at a time', async (t) => {
  if (spawnSync('openssl', ['version']).status !== 0) return t.diagnostic('openssl is not on this machine: not tried');
  const tls = join(repoRoot, 'fixtures', 'probes', 'tls');
  for (const [index, version] of ['-tls1_2', '-tls1_3'].entries()) {
    const portNumber = 4433 + index;
    const files = ['-cert', join(tls, 'certificate.pem'), '-key', join(tls, 'key.pem')];
    start(inServer('openssl', 's_server', '-accept', String(portNumber), '-www', '-quiet', version, ...files));
    await listening(portNumber);
    const check = httpCheck(
      connectTo(portNumber, { address: SERVER, timeout: seconds(5) }),
      [url({ regex: regexOf('Cipher') })],
      { kind: 'SSL_GET' },
    );
    const result = await probe(check, context);
    assert.equal(result.ok, true, result.detail);
  }
});

test('bindto and bind_port are what the server sees', async () => {
  const seen = async (more: Partial<Parameters<typeof connectTo>[1]>, expected: string): Promise<void> => {
    const connect = connectTo(80, { address: SERVER, ...more });
    const result = await probe(
      httpCheck(connect, [url({ path: '/where', regex: regexOf(`from=${expected} `) })]),
      context,
    );
    assert.equal(result.ok, true, `${expected}: ${result.detail}`);
  };
  await seen({}, '10\\.99\\.0\\.1:\\d+');
  await seen({ bindTo: SECOND_SOURCE }, '10\\.99\\.0\\.7:\\d+');
  await seen({ bindTo: SECOND_SOURCE, bindPort: port(999) }, '10\\.99\\.0\\.7:999');
  await seen({ bindPort: port(998) }, '10\\.99\\.0\\.1:998');
});

test('bind_if: a link-local server is reached by its device, and no server by another', async () => {
  const linkLocal = 'fe80::ff:fe00:9902' as IpAddress;
  // Duplicate address detection of both ends takes a moment.
  let reached = await probe(tcpCheck(connectTo(80, { address: linkLocal, bindIf: 'probe0' })), context);
  for (let i = 0; i < 200 && reached.ok !== true; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    reached = await probe(
      tcpCheck(connectTo(80, { address: linkLocal, bindIf: 'probe0', timeout: seconds(0.2) })),
      context,
    );
  }
  assert.equal(reached.ok, true, reached.detail);
  const nowhere = await probe(tcpCheck(connectTo(80, { address: linkLocal })), context);
  assert.equal(nowhere.ok, null, nowhere.detail);
  const wrong = await probe(
    tcpCheck(connectTo(80, { address: SERVER, bindIf: 'probe1', timeout: seconds(0.3) })),
    context,
  );
  assert.equal(wrong.ok, false, wrong.detail);
});

test('fwmark decides the route', async () => {
  const plain = await probe(tcpCheck(connectTo(80, { address: SERVER, fwmark: fwmark(0x98) })), context);
  assert.equal(plain.ok, true);
  const marked = await probe(tcpCheck(connectTo(80, { address: SERVER, fwmark: fwmark(0x99) })), context);
  assert.deepEqual(marked, { ok: false, reason: 'connection', detail: 'TCP connection to X failed.' });
  const large = await probe(tcpCheck(connectTo(80, { address: SERVER, fwmark: fwmark(0xffff_ffff) })), context);
  assert.equal(large.ok, true);
});

test('a device that is deleted and made again is our trouble first, and then works again', async () => {
  const connect = connectTo(80, { address: SERVER, bindIf: 'probe1', timeout: seconds(0.3) });
  must('ip', 'link', 'delete', 'probe1');
  assert.equal((await probe(tcpCheck(connect), context)).ok, null);
  must('ip', 'link', 'add', 'probe1', 'type', 'veth', 'peer', 'name', 'nowhere1');
  must('ip', 'link', 'set', 'probe1', 'up');
  assert.notEqual((await probe(tcpCheck(connect), context)).ok, null);
});

test('a server whose packets are lost is a timeout', async () => {
  must(...inServer('ip', 'link', 'set', 'server0', 'down'));
  try {
    const result = await probe(tcpCheck(connectTo(80, { address: SERVER, timeout: seconds(0.3) })), context);
    assert.deepEqual(result, { ok: false, reason: 'timeout', detail: 'TCP connection to X timeout.' });
  } finally {
    must(...inServer('ip', 'link', 'set', 'server0', 'up'));
  }
});

test('the rate of TCP checks over a veth, each with its own source', async () => {
  const server = start(
    inServer(
      process.execPath,
      '-e',
      "require('net').createServer({pauseOnConnect:true},s=>s.destroy()).listen({port:7,backlog:4096},()=>console.log('up'))",
    ),
  );
  await new Promise((resolve) =>
    createInterface({ input: server.stdout as NodeJS.ReadableStream }).once('line', resolve),
  );
  const many = 10_000;
  const connect = connectTo(7, { address: SERVER, bindTo: SECOND_SOURCE, timeout: seconds(20) });
  const begun = performance.now();
  const used = process.cpuUsage();
  let started = 0;
  const results: ProbeResult[] = [];
  // As many in flight as a server's accept queue holds: lost SYNs would measure TCP's patience.
  const oneAfterAnother = async (): Promise<void> => {
    while (started < many) {
      started++;
      results.push(await probe(tcpCheck(connect), context));
    }
  };
  await Promise.all(Array.from({ length: 500 }, oneAfterAnother));
  const took = performance.now() - begun;
  const cpu = process.cpuUsage(used);
  assert.equal(results.filter((result) => result.ok === true).length, many);
  console.log(
    `# ${Math.round((many / took) * 1000)} TCP checks a second, ${Math.round((cpu.user + cpu.system) / many)} us of processor each`,
  );
});
