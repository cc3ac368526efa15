// A check loop on the real clock with real connections, in a process of its own that the test stops and lets go on.
//
// Arguments: port, checkers. Each check connects, and passes when a byte comes within 3 s. Prints `ready` when every
// checker has passed once; when its standard input ends it prints one JSON line and exits.

import { connect } from 'node:net';
import { CheckLoop } from '../../../healthcheck/check-loop.js';
import { systemClock } from '../../../runtime/clock.js';
import { MemoryLog } from '../../../runtime/log.js';
import { real, tcp, virtual } from './virtual-servers.js';

const [portText = '', countText = ''] = process.argv.slice(2);
const count = Number(countText);
const words = { delayLoop: 0.2, warmup: 0.2, retry: 0, timeout: 3 };
const log = new MemoryLog();
let passed = 0;
let failed = 0;
const loop = new CheckLoop({
  clock: systemClock,
  log,
  random: Math.random,
  startRun: (checker, _target, done) => {
    const timeout = checker.kind === 'TCP_CHECK' ? checker.connect.timeout * 1000 : 0;
    const socket = connect(Number(portText), '127.0.0.1');
    const end = (ok: boolean) => () => {
      clearTimeout(limit);
      socket.destroy();
      done(ok ? { ok: true, detail: 'answered' } : { ok: false, reason: 'timeout', detail: 'timeout' });
    };
    const limit = setTimeout(end(false), timeout);
    socket.on('data', end(true));
    socket.on('error', end(false));
    return () => {
      clearTimeout(limit);
      socket.destroy();
    };
  },
  onVerdict: ({ up }) => {
    if (up) passed++;
    else failed++;
    if (passed === count) console.log('ready');
  },
});
const servers = Array.from({ length: count }, (_, n) => real(n + 1, { checkers: [tcp(words)] }));
loop.reconfigure({ virtualServers: [virtual(servers)], global: { checkerLogAllFailures: false } }, 1);
process.stdin.resume();
process.stdin.on('end', () => {
  loop.stop();
  console.log(
    JSON.stringify({ failed, statistics: loop.statistics(), lines: log.lines.filter((line) => /not run/.test(line)) }),
  );
});
