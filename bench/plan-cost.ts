/**
 * What lvsd computes at a start, without a kernel: reads a file, parses, plans, compares with an empty table, and encodes
 * every message. Bundled and run by plan-row.ts, which takes the processor time of the whole process.
 *
 *     node plan-cost.cjs FILE MESSAGES        ends with 1 if it did not come to that many messages
 */
import { Director } from '../director/director.js';
import { emptyJournal } from '../director/journal.js';
import type { ApplyReport } from '../ipvs-netlink/apply.js';
import { addOperation, type Operation } from '../ipvs-netlink/operations.js';
import { reconcile } from '../ipvs-netlink/reconcile.js';
import { GenericRequests } from '../netlink/generic-netlink.js';
import { parseSnapshot } from '../parser/parse.js';
import { readSnapshot } from '../parser/snapshot.js';
import { SinkLog } from '../runtime/log.js';

const SLICE = 512;
/** Numbers as a kernel could give them to the family. */
const requests = new GenericRequests({ id: 0x23, name: 'IPVS', version: 1 } as ConstructorParameters<
  typeof GenericRequests
>[0]);

const [file, expected] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: plan-cost.cjs FILE MESSAGES');
let messages = 0;
const director = new Director({
  log: new SinkLog([]),
  wall: () => Date.now(),
  table: {
    plan: (desired, owned) => reconcile(desired, new Map(), owned),
    converge: (desired, owned) => encode(reconcile(desired, new Map(), owned)),
    adjust: (part, owned) => encode(reconcile(part, new Map(), owned)),
  },
  journal: { append: () => true, replace: () => {} },
  present: () => true,
  effect: () => {},
});

/** Encodes every message as the applier would, and drops it. */
function encode(operations: readonly Operation[]): Promise<ApplyReport> {
  for (let at = 0; at < operations.length; at += SLICE) {
    const batch = requests.begin();
    for (const operation of operations.slice(at, at + SLICE)) addOperation(batch, operation);
  }
  messages = operations.length;
  return Promise.resolve({
    done: messages,
    tolerated: 0,
    refused: [],
    skipped: [],
    messages,
    sends: Math.ceil(messages / SLICE),
    uncertain: false,
  });
}

director
  .start(parseSnapshot(readSnapshot(file)).config, 1, emptyJournal)
  .then(() => {
    if (messages === Number(expected)) return;
    process.stderr.write(`lvsd planned ${messages} messages, ${expected} were expected\n`);
    process.exitCode = 1;
  })
  .catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
