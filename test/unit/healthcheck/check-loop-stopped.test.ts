// SIGSTOP and SIGCONT on a real process with real sockets: every probe in flight has timed out when it wakes up, and
// none of that counts.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

test('a process that was stopped for longer than every timeout fails nobody', { timeout: 60_000 }, async (t) => {
  const open = new Set<Socket>();
  // Answers 100 ms late, so that at any time a good part of the probes is in flight.
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    setTimeout(() => socket.writable && socket.write('.'), 100);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const program = fileURLToPath(new URL('./run-stopped.js', import.meta.url));
  const child = spawn(process.execPath, [program, String(address.port), '60'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => {
    child.kill('SIGKILL');
    for (const socket of open) socket.destroy();
    server.close();
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  for (let round = 0; round < 2; round++) {
    child.kill('SIGSTOP');
    await sleep(3500);
    child.kill('SIGCONT');
    await sleep(500);
  }
  child.stdin.end();
  const report = JSON.parse((await lines.next()).value ?? '{}');
  assert.equal(report.failed, 0);
  assert.ok(report.statistics.pauses >= 2, JSON.stringify(report));
  assert.ok(report.statistics.repeated > 0, JSON.stringify(report));
  t.diagnostic(JSON.stringify(report.statistics));
});
