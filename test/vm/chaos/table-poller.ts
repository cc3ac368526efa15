/**
 * The thread behind TableWatch: reads /proc/net/ip_vs over and over and reports what breaks its orders.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { type Breach, type Place, parseTable } from './table.js';

const port = parentPort;
if (port === null) throw new Error('this file is a thread');
const file = openSync('/proc/thread-self/net/ip_vs', 'r');
const room = Buffer.alloc(1 << 20);
const startedAt = Date.now();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let keep: readonly Place[] = [];
let keepOut: readonly Place[] = [];
let seen = new Set<Place>();
let broken = new Set<Place>();
let looks = 0;
let last = '';
let toldAt = 0;

const tell = (what: Place, kind: Breach['kind']): void => {
  if (broken.has(what)) return;
  broken.add(what);
  port.postMessage({ looks, breach: { what, kind, at: Date.now() - startedAt } });
};

process.on('exit', () => closeSync(file));
for (;;) {
  const orders = receiveMessageOnPort(port)?.message as
    | { readonly keep: readonly Place[]; readonly keepOut: readonly Place[] }
    | undefined;
  if (orders !== undefined) {
    ({ keep, keepOut } = orders);
    seen = new Set();
    broken = new Set();
    last = '';
    port.postMessage({ looks, ordered: true });
  }
  const text = room.toString('latin1', 0, readSync(file, room, 0, room.length, 0));
  looks++;
  if (text !== last) {
    last = text;
    const now = new Set<Place>();
    for (const [service, destinations] of parseTable(text)) {
      for (const [destination, weight] of destinations) if (weight > 0) now.add(`${service} ${destination}`);
    }
    for (const place of keep) {
      if (now.has(place)) seen.add(place);
      else if (seen.has(place)) tell(place, 'absent');
    }
    for (const place of keepOut) if (now.has(place)) tell(place, 'present');
  }
  if (Date.now() - toldAt > 200) {
    toldAt = Date.now();
    port.postMessage({ looks });
  }
  Atomics.wait(sleeper, 0, 0, 0.5);
}
