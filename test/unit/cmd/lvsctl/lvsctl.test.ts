/** lvsctl against a real control socket: verbs, exit codes, and what it says when lvsd cannot be reached. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, ClientError } from '../../../../cmd/lvsctl/client.js';
import { runLvsctl } from '../../../../cmd/lvsctl/lvsctl.js';
import { planText } from '../../../../cmd/lvsctl/plan.js';
import type { ControlRoutes, PlanReport, ReloadReport } from '../../../../observe/control-protocol.js';
import { ControlSocket } from '../../../../observe/control-socket.js';
import type { StateDocument } from '../../../../observe/state.js';
import { repoRoot } from '../../../root.js';

process.env.TZ = 'UTC';
const fixture = (name: string): string => readFileSync(join(repoRoot, 'fixtures/observe', name), 'utf8');
const state = JSON.parse(fixture('state.json')) as StateDocument;

const warning = {
  class: 'assumed',
  code: 'LVSD_CONFIG_UNKNOWN_KEYWORD',
  message: "Unknown keyword 'x'",
  file: '/etc/k.conf',
  line: 3,
  column: 1,
  cure: null,
} as const;
const error = {
  ...warning,
  class: 'missing',
  message: 'delay_loop needs a number',
  line: 9,
  cure: 'delay_loop 6',
} as const;

const plan: PlanReport = {
  schema: 1,
  file: '/etc/k.conf',
  refused: false,
  diagnostics: [warning],
  changes: [
    { action: 'add', object: 'virtual server', name: '[10.0.0.2]:tcp:80', server: null, details: [] },
    { action: 'add', object: 'real server', name: '[10.0.0.2]:tcp:80', server: '[10.1.0.1]:tcp:80', details: [] },
    {
      action: 'change',
      object: 'real server',
      name: '[10.0.0.1]:tcp:80',
      server: '[10.1.0.1]:tcp:80',
      details: [{ what: 'weight', from: '1', to: '3' }],
    },
    { action: 'remove', object: 'sorry server', name: '[10.0.0.1]:tcp:80', server: '[10.1.0.9]:tcp:80', details: [] },
  ],
  messages: 4,
};
const reload: ReloadReport = {
  schema: 1,
  at: 1,
  result: 'applied',
  durationSeconds: 0.25,
  generation: 4,
  diagnostics: [warning],
  messages: 1,
};

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function served(t: TestContext, routes: Partial<ControlRoutes> = {}): Promise<string> {
  const path = join(folderFor(t), 'control.sock');
  const socket = await ControlSocket.open({
    path,
    onError: () => {},
    routes: {
      status: async () => state,
      plan: async ({ file }) => ({ ...plan, file }),
      reload: async () => reload,
      metrics: async ({ realServers }) => ({ contentType: 'text/plain', body: `real_servers ${realServers}\n` }),
      ...routes,
    },
  });
  t.after(() => socket.close());
  return path;
}

async function run(socket: string, ...words: readonly string[]) {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runLvsctl([...words, '--socket', socket], terminal, '/etc', '0.1.0');
  return { code, out, err };
}

test('status: the screen, one server in detail, the document', async (t) => {
  const socket = await served(t);
  assert.deepEqual(await run(socket, 'status'), { code: 0, out: fixture('status.txt'), err: '' });
  assert.deepEqual(await run(socket, 'status', '[10.0.0.1]:tcp:80'), {
    code: 0,
    out: fixture('status-detail.txt'),
    err: '',
  });
  const { out } = await run(socket, 'status', '--json');
  assert.deepEqual(JSON.parse(out), state);
});

test('status of a name that is not there ends with 1 and the way to write names', async (t) => {
  const { code, out, err } = await run(await served(t), 'status', 'web');
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /^lvsctl: There is no virtual server web\. .*FWM 5/);
});

test('plan: a relative file is taken from here, the text tells each change, --json is the report', async (t) => {
  const socket = await served(t);
  const { code, out } = await run(socket, 'plan', 'k.conf');
  assert.equal(code, 0);
  assert.equal(out, fixture('plan.txt'));
  assert.equal((JSON.parse((await run(socket, 'plan', '../k.conf', '--json')).out) as PlanReport).file, '/k.conf');
});

test('a plan that would be refused ends with 1 and shows errors before warnings', async (t) => {
  const socket = await served(t, {
    plan: async () => ({ ...plan, refused: true, diagnostics: [warning, error], changes: [], messages: null }),
  });
  const { code, out } = await run(socket, 'plan', 'k.conf');
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.equal(lines[0], '/etc/k.conf:9:1: error: delay_loop needs a number (delay_loop 6)');
  assert.equal(lines[1], "/etc/k.conf:3:1: warning: Unknown keyword 'x'");
  assert.match(lines[2] ?? '', /REFUSED/);
  assert.equal((await run(socket, 'plan', 'k.conf', '--json')).code, 1);
});

test('a plan without changes says so', () => {
  const text = planText({ ...plan, diagnostics: [], changes: [], messages: 0 });
  assert.equal(text, 'A reload of /etc/k.conf would change nothing.\n');
});

test('reload: applied is 0, refused is 1', async (t) => {
  const applied = await run(await served(t), 'reload');
  assert.equal(applied.code, 0);
  assert.match(applied.out, /warning: Unknown keyword 'x'\nReloaded in 0\.250 s, 1 netlink message; generation 4\.\n$/);
  const refusing = await served(t, {
    reload: async () => ({ ...reload, result: 'refused', messages: null, generation: 3 }),
  });
  const refused = await run(refusing, 'reload');
  assert.equal(refused.code, 1);
  assert.match(refused.out, /Reload REFUSED .* generation 3 stays in force/);
  assert.equal((JSON.parse((await run(refusing, 'reload', '--json')).out) as ReloadReport).result, 'refused');
});

test('metrics, with and without real servers', async (t) => {
  const socket = await served(t);
  assert.equal((await run(socket, 'metrics')).out, 'real_servers false\n');
  assert.equal((await run(socket, 'metrics', '--real-servers')).out, 'real_servers true\n');
});

test('wrong usage ends with 2 and asks nobody', async () => {
  for (const words of [[], ['plan'], ['bogus'], ['status', '--bogus'], ['status', 'a', 'b'], ['reload', 'now']]) {
    const { code, out, err } = await run('/nonexistent/socket', ...words);
    assert.deepEqual([code, out], [2, ''], words.join(' '));
    assert.match(err, /^lvsctl: .+\nTry "lvsctl --help"\.\n$/);
  }
});

test('--help and --version end with 0', async () => {
  const help = await run('/nonexistent/socket', '--help');
  assert.equal(help.code, 0);
  for (const word of ['status [name]', 'plan <file>', 'reload', 'metrics', 'Exit status'])
    assert.ok(help.out.includes(word), word);
  assert.deepEqual(await run('/nonexistent/socket', '--version'), { code: 0, out: '0.1.0\n', err: '' });
});

test('no lvsd: 3, whether the socket is absent or left behind', async (t) => {
  const folder = folderFor(t);
  const absent = await run(join(folder, 'none.sock'), 'status');
  assert.equal(absent.code, 3);
  assert.match(absent.err, /lvsd is not running: there is no control socket .*systemctl start lvsd/);
  const left = join(folder, 'left.sock');
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  const dead = await run(left, 'reload');
  assert.equal(dead.code, 3);
  assert.match(dead.err, /nobody listens on/);
});

test('a socket of somebody else: 3, and sudo', {
  skip: process.getuid?.() === 0 && !hasNobody() ? 'needs the user nobody' : false,
}, async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'control.sock');
  const socket = await ControlSocket.open({ path, onError: () => {}, routes: refusing });
  t.after(() => socket.close());
  chmodSync(folder, 0o755);
  chmodSync(path, 0o000);
  if (process.getuid?.() === 0) process.seteuid?.('nobody');
  try {
    const { code, err } = await run(path, 'status');
    assert.equal(code, 3);
    assert.match(err, /may not talk to lvsd: .* as root/);
  } finally {
    if (process.getuid?.() === 0) process.seteuid?.(0);
  }
});

test('as a program: the exit code, nothing on stdout, and the words on stderr', async () => {
  const { spawnSync } = await import('node:child_process');
  const program = fileURLToPath(new URL('../../../../cmd/lvsctl/main.js', import.meta.url));
  const lvsctl = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const away = lvsctl('status', '--socket', '/nonexistent/socket');
  assert.deepEqual([away.status, away.stdout], [3, '']);
  assert.match(away.stderr, /^lvsctl: lvsd is not running: .*\n$/);
  assert.equal(lvsctl('nonsense').status, 2);
  const versions = lvsctl('--version');
  assert.deepEqual([versions.status, versions.stderr], [0, '']);
});

test('another version: 1, and which side to change', async (t) => {
  const old = join(folderFor(t), 'old.sock');
  const server = createServer((request, response) => {
    if (request.url === '/v1/status') response.end('{"schema":2}');
    else {
      response.writeHead(404);
      response.end('{"code":"LVSD_CONTROL_UNKNOWN_PATH","message":"x","cure":"y"}');
    }
  });
  await new Promise<void>((resolve) => server.listen(old, resolve));
  t.after(() => server.close());
  const newer = await run(old, 'status');
  assert.equal(newer.code, 1);
  assert.match(newer.err, /schema 2 and this lvsctl reads 1/);
  const older = await run(old, 'metrics');
  assert.equal(older.code, 1);
  assert.match(older.err, /too old for this command/);
});

test('an answer that is cut short or never comes is an error, not a hang', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'odd.sock');
  const server = createServer((request, response) => {
    if (request.url === '/v1/status') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"schema":1', () => response.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const cut = await run(path, 'status');
  assert.equal(cut.code, 1);
  assert.match(cut.err, /cut short/);
  await assert.rejects(
    ask(path, { method: 'GET', path: '/silent', patience: 50 }),
    (thrown) => thrown instanceof ClientError && thrown.code === 'LVSD_CTL_TIMEOUT',
  );
});

const refusing: ControlRoutes = {
  status: () => Promise.reject(new Error('unused')),
  plan: () => Promise.reject(new Error('unused')),
  reload: () => Promise.reject(new Error('unused')),
  metrics: () => Promise.reject(new Error('unused')),
};

function hasNobody(): boolean {
  return readFileSync('/etc/passwd', 'utf8').includes('\nnobody:');
}
