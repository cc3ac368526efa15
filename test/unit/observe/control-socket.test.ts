/** The control socket over real HTTP: routes, bounds, errors, and the socket file's life. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { ControlRoutes, PlanReport, ReloadReport } from '../../../observe/control-protocol.js';
import { ControlSocket } from '../../../observe/control-socket.js';
import type { StateDocument } from '../../../observe/state.js';
import { isLvsdError, LvsdError } from '../../../runtime/errors.js';
import { exampleState } from './example-state.js';

const plan: PlanReport = { schema: 1, file: '/x', refused: false, diagnostics: [], changes: [], messages: 0 };
const reload: ReloadReport = {
  schema: 1,
  at: 1,
  result: 'applied',
  durationSeconds: 0.1,
  generation: 2,
  diagnostics: [],
  messages: 1,
};

const usual: ControlRoutes = {
  status: async () => exampleState(),
  plan: async (wanted) => ({ ...plan, file: wanted.file }),
  reload: async () => reload,
  metrics: async ({ realServers }) => ({
    contentType: 'text/plain; version=0.0.4',
    body: `real_servers ${realServers}\n`,
  }),
};

const unexpected = (error: unknown): void => assert.fail(String(error));

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function ask(path: string, method: string, url: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, method, path: url }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text });
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-control-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(t: TestContext, routes: Partial<ControlRoutes> = {}) {
  const errors: unknown[] = [];
  const path = join(folderFor(t), 'run', 'control.sock');
  const socket = await ControlSocket.open({
    path,
    routes: { ...usual, ...routes },
    onError: (error) => errors.push(error),
  });
  t.after(() => socket.close());
  return { path, socket, errors };
}

const codeOf = (answer: Answer): unknown => (JSON.parse(answer.text) as { code: unknown }).code;

test('the socket is for its owner only, and goes with the server', async (t) => {
  const { path, socket } = await opened(t);
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  await socket.close();
  assert.equal(existsSync(path), false);
});

test('status answers the document, whole or one virtual server', async (t) => {
  const { path } = await opened(t);
  const whole = await ask(path, 'GET', '/v1/status');
  assert.equal(whole.status, 200);
  assert.equal(whole.type, 'application/json');
  assert.deepEqual(JSON.parse(whole.text), exampleState());
  const one = await ask(path, 'GET', `/v1/status?virtual_server=${encodeURIComponent('[10.0.0.1]:tcp:80')}`);
  assert.equal((JSON.parse(one.text) as StateDocument).virtualServers.length, 1);
  const none = await ask(path, 'GET', '/v1/status?virtual_server=x');
  assert.deepEqual([none.status, codeOf(none)], [404, 'LVSD_CONTROL_NO_VIRTUAL_SERVER']);
});

test('a document of several writes arrives whole', async (t) => {
  const document = exampleState();
  const first = document.virtualServers[0];
  assert.ok(first);
  const large = {
    ...document,
    virtualServers: Array.from({ length: 3000 }, (_, i) => ({ ...first, name: `FWM ${i}` })),
  };
  const { path } = await opened(t, { status: async () => large });
  const { text } = await ask(path, 'GET', '/v1/status');
  assert.ok(text.length > 2_000_000);
  assert.equal((JSON.parse(text) as StateDocument).virtualServers.length, 3000);
});

test('plan takes an absolute path and nothing else', async (t) => {
  const { path } = await opened(t);
  const good = await ask(path, 'POST', '/v1/plan', '{"file":"/etc/k.conf"}');
  assert.deepEqual([good.status, (JSON.parse(good.text) as PlanReport).file], [200, '/etc/k.conf']);
  for (const bad of ['', 'x', '[]', 'null', '{}', '{"file":"k.conf"}', '{"file":5}', '{"file":"/a\\u0000b"}']) {
    const answer = await ask(path, 'POST', '/v1/plan', bad);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'LVSD_CONTROL_BAD_REQUEST'], bad);
  }
});

test('reload and metrics answer; the metrics scope is read', async (t) => {
  const { path } = await opened(t);
  assert.deepEqual(JSON.parse((await ask(path, 'POST', '/v1/reload')).text), reload);
  assert.equal((await ask(path, 'GET', '/v1/metrics')).text, 'real_servers false\n');
  const whole = await ask(path, 'GET', '/v1/metrics?real_servers=1');
  assert.deepEqual([whole.type, whole.text], ['text/plain; version=0.0.4', 'real_servers true\n']);
});

test('a wrong method, an unknown path and an oversized body are refused with a cure', async (t) => {
  const { path, errors } = await opened(t);
  const cases = [
    [await ask(path, 'GET', '/v1/reload'), 405, 'LVSD_CONTROL_METHOD'],
    [await ask(path, 'POST', '/v1/status'), 405, 'LVSD_CONTROL_METHOD'],
    [await ask(path, 'GET', '/v2/status'), 404, 'LVSD_CONTROL_UNKNOWN_PATH'],
    [await ask(path, 'POST', '/v1/plan', 'x'.repeat(64 * 1024 + 1)), 413, 'LVSD_CONTROL_BODY_TOO_LONG'],
  ] as const;
  for (const [answer, status, code] of cases) {
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
    assert.notEqual((JSON.parse(answer.text) as { cure: string }).cure, '');
  }
  assert.deepEqual(errors, [], "a caller's mistake is not lvsd's error");
});

test('an error of a route keeps its code and cure; another error shows nothing of the inside', async (t) => {
  const known = new LvsdError('LVSD_BUSY', 'The director restarts.', { retriable: true, fields: { cure: 'Wait.' } });
  const { path, errors } = await opened(t, {
    plan: () => Promise.reject(known),
    reload: () => Promise.reject(new Error('secret')),
  });
  const refused = await ask(path, 'POST', '/v1/plan', '{"file":"/x"}');
  assert.equal(refused.status, 503);
  assert.deepEqual(JSON.parse(refused.text), { code: 'LVSD_BUSY', message: 'The director restarts.', cure: 'Wait.' });
  const failed = await ask(path, 'POST', '/v1/reload');
  assert.deepEqual([failed.status, codeOf(failed)], [500, 'LVSD_INTERNAL']);
  assert.ok(!failed.text.includes('secret'));
  assert.equal(errors.length, 2);
});

test('reloads wait for each other; the fifth is refused', async (t) => {
  let inside = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const { path } = await opened(t, {
    reload: async () => {
      most = Math.max(most, ++inside);
      await new Promise<void>((resolve) => gates.push(resolve));
      inside--;
      return reload;
    },
  });
  const answers = Array.from({ length: 5 }, () => ask(path, 'POST', '/v1/reload'));
  const refused = await Promise.race(answers);
  assert.deepEqual([refused.status, codeOf(refused)], [503, 'LVSD_CONTROL_BUSY']);
  for (let i = 0; i < 4; i++) {
    while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
    gates.shift()?.();
  }
  const statuses = (await Promise.all(answers)).map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [200, 200, 200, 200, 503]);
  assert.equal(most, 1);
});

test('a socket that a dead lvsd left is replaced', async (t) => {
  const path = join(folderFor(t), 'control.sock');
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(lstatSync(path).isSocket());
  const socket = await ControlSocket.open({ path, routes: usual, onError: unexpected });
  t.after(() => socket.close());
  assert.equal((await ask(path, 'GET', '/v1/status')).status, 200);
});

test('a socket that somebody listens on is left alone', async (t) => {
  const path = join(folderFor(t), 'control.sock');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(path, resolve));
  t.after(() => other.close());
  await assert.rejects(
    ControlSocket.open({ path, routes: usual, onError: unexpected }),
    (error) => isLvsdError(error) && error.code === 'LVSD_CONTROL_SOCKET_IN_USE',
  );
  assert.ok(existsSync(path));
});

test('a file or a link in its place is left alone', async (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  symlinkSync(file, join(folder, 'link'));
  for (const path of [file, join(folder, 'link')]) {
    await assert.rejects(
      ControlSocket.open({ path, routes: usual, onError: unexpected }),
      (error) => isLvsdError(error) && error.code === 'LVSD_CONTROL_SOCKET' && error.message.includes('not a socket'),
    );
  }
  assert.ok(existsSync(file));
});
