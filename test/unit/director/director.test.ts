/** The director on a table that refuses what the kernel refuses, with its journal as a crash leaves it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../../config/config.js';
import { Director, type DirectorPorts } from '../../../director/director.js';
import {
  emptyJournal,
  formatLines,
  type Journal,
  type JournalLine,
  journalLines,
  nothingToRestore,
  readJournal,
} from '../../../director/journal.js';
import { type ParseResult, parseSnapshot } from '../../../parser/parse.js';
import { readSnapshot } from '../../../parser/snapshot.js';
import { MemoryLog } from '../../../runtime/log.js';
import { FakeKernel } from './fake-kernel.js';

const identity = { bootId: 'b', namespace: '4:1' };

function parse(text: string, previous?: ParseResult): ParseResult {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-director-'));
  try {
    const file = join(folder, 'k.conf');
    writeFileSync(file, text);
    const snapshot = readSnapshot(file, {});
    // The same name in both reads: unchanged blocks are recognised by file and place.
    return parseSnapshot({ ...snapshot, files: ['k.conf'] }, previous);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const config = (text: string): Config => parse(text).config;

/** A director on a kernel; the journal is kept as text, as a crash would leave it. */
class Rig {
  readonly log = new MemoryLog();
  readonly effects: string[] = [];
  journal = '';
  wall = 1_000_000;
  director: Director;
  constructor(readonly kernel = new FakeKernel()) {
    this.director = this.make();
  }

  make(): Director {
    const ports: DirectorPorts = {
      log: this.log,
      wall: () => this.wall,
      table: this.kernel,
      journal: {
        append: (lines: Iterable<JournalLine>) => {
          this.journal += formatLines(lines);
          return true;
        },
        replace: (journal) => {
          this.journal = formatLines(
            journalLines(identity, { ...journal, restore: nothingToRestore, handWeights: new Map() }),
          );
        },
      },
      present: () => true,
      effect: (effect) => {
        this.effects.push(effect.kind === 'fifo' ? effect.line.trim() : effect.kind);
      },
    };
    return new Director(ports);
  }

  /** A new process that finds what the old one left. */
  crash(): Journal {
    const read = readJournal(this.journal, identity);
    assert.equal(read.kind, 'journal');
    this.director = this.make();
    return read.kind === 'journal' ? read.journal : emptyJournal;
  }

  verdict(at: readonly [number, number, number], up: boolean) {
    return this.director.verdicts([{ at, up, run: true, since: 5, text: up ? 'ok' : 'refused' }]);
  }
}

const server = (n: number, weight = 1): string => `
    real_server 10.1.0.${n} 80 {
        weight ${weight}
        TCP_CHECK {
            connect_timeout 1
        }
    }`;
const virtual = (n: number, servers: string, extra = ''): string => `
virtual_server 10.0.0.${n} 80 {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    ${extra}
    ${servers}
}
`;

test('start fills the table, a dead server leaves it, one change of weight is one message', async () => {
  const rig = new Rig();
  await rig.director.start(config(virtual(1, server(1) + server(2))), 1, emptyJournal);
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.1]:80 1', '[10.1.0.2]:80 1'] });
  await rig.verdict([0, 0, 0], false);
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.2]:80 1'] });
  rig.kernel.sent.length = 0;
  await rig.director.reload(config(virtual(1, server(1) + server(2, 7))), 2);
  assert.deepEqual(
    rig.kernel.sent.map((operation) => operation.kind),
    ['set-dest'],
  );
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.2]:80 7'] });
});

test('an unchanged reload sends nothing, writes no journal, and keeps each virtual server the same object', async () => {
  const rig = new Rig();
  const text = virtual(1, server(1)) + virtual(2, server(2));
  const first = parse(text);
  await rig.director.start(first.config, 1, emptyJournal);
  rig.kernel.sent.length = 0;
  const journal = rig.journal;
  const second = parse(text, first);
  assert.equal(second.config.virtualServers[0], first.config.virtualServers[0]);
  const report = await rig.director.reload(second.config, 2);
  assert.equal(report.messages, 0);
  assert.deepEqual(rig.kernel.sent, []);
  assert.equal(rig.journal, journal);
});

test('the first success of a healthy server costs no message and no line of the journal', async () => {
  const rig = new Rig();
  await rig.director.start(config(virtual(1, server(1))), 1, emptyJournal);
  rig.kernel.sent.length = 0;
  const journal = rig.journal;
  await rig.verdict([0, 0, 0], true);
  assert.deepEqual(rig.kernel.sent, []);
  assert.equal(rig.journal, journal);
});

test('after a crash a server that was dead is not put back before its first check', async () => {
  const rig = new Rig();
  const text = virtual(1, server(1) + server(2));
  await rig.director.start(config(text), 1, emptyJournal);
  await rig.verdict([0, 0, 0], false);
  const left = rig.crash();
  rig.kernel.sent.length = 0;
  rig.effects.length = 0;
  await rig.director.start(config(text), 1, left);
  assert.deepEqual(rig.kernel.sent, []);
  assert.deepEqual(rig.effects, [], 'nobody is notified of what he knows');
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.2]:80 1'] });
  await rig.verdict([0, 0, 0], true);
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.1]:80 1', '[10.1.0.2]:80 1'] });
});

test('a service that left the file while lvsd was down is gone after the next start; a foreign one stays', async () => {
  const rig = new Rig();
  await rig.director.start(config(virtual(1, server(1)) + virtual(2, server(2))), 1, emptyJournal);
  const foreign = new FakeKernel();
  await new Rig(foreign).director.start(config(virtual(9, server(9))), 1, emptyJournal);
  for (const [text, held] of foreign.table) rig.kernel.table.set(text, held);
  const left = rig.crash();
  await rig.director.start(config(virtual(1, server(1))), 1, left);
  assert.deepEqual(Object.keys(rig.kernel.show()).sort(), ['[10.0.0.1]:tcp:80', '[10.0.0.9]:tcp:80']);
});

test('a crash between the journal and the kernel: what was added is owned, what was removed still is', async () => {
  const rig = new Rig();
  await rig.director.start(config(virtual(1, server(1))), 1, emptyJournal);
  rig.kernel.apply = () => Promise.reject(new Error('killed here'));
  await assert.rejects(rig.director.reload(config(virtual(2, server(2))), 2));
  const left = rig.crash();
  assert.deepEqual([...left.owned.keys()].sort(), ['[10.0.0.1]:tcp:80', '[10.0.0.2]:tcp:80']);
});

test('stop takes out what is ours and leaves the rest', async () => {
  const rig = new Rig();
  const other = new FakeKernel();
  await new Rig(other).director.start(config(virtual(9, server(9))), 1, emptyJournal);
  for (const [text, held] of other.table) rig.kernel.table.set(text, held);
  await rig.director.start(config(virtual(1, server(1), 'sorry_server 10.2.0.1 80')), 1, emptyJournal);
  await rig.director.stop('off');
  assert.deepEqual(Object.keys(rig.kernel.show()), ['[10.0.0.9]:tcp:80']);
});

test('what the kernel refused is tried again later, less and less often', async () => {
  const rig = new Rig();
  const apply = rig.kernel.apply.bind(rig.kernel);
  let tries = 0;
  let refusing = true;
  rig.kernel.apply = async (operations) => {
    if (operations.length > 0) tries++;
    if (!refusing) return apply(operations);
    const report = await apply([]);
    return {
      ...report,
      refused: operations.slice(0, 1).map((operation) => ({ operation, error: undefined as never, line: 'no' })),
    };
  };
  await rig.director.start(config(virtual(1, server(1))), 1, emptyJournal);
  assert.equal(tries, 1);
  assert.equal(await rig.director.retryRefused(), undefined, 'not yet');
  rig.wall += 10_000;
  await rig.director.retryRefused();
  assert.equal(tries, 2);
  rig.wall += 10_000;
  await rig.director.retryRefused();
  assert.equal(tries, 2, 'twice as long now');
  refusing = false;
  rig.wall += 10_000;
  await rig.director.retryRefused();
  assert.deepEqual(rig.kernel.show(), { '[10.0.0.1]:tcp:80': ['[10.1.0.1]:80 1'] });
});

test('a plan says what a reload would do and does nothing', async () => {
  const rig = new Rig();
  await rig.director.start(config(virtual(1, server(1))), 1, emptyJournal);
  rig.kernel.sent.length = 0;
  const planned = rig.director.plan(config(virtual(1, server(1, 3)) + virtual(2, server(2))));
  assert.deepEqual(planned.operations.map((operation) => operation.kind).sort(), [
    'new-dest',
    'new-service',
    'set-dest',
  ]);
  assert.deepEqual(planned.added, ['[10.0.0.2]:tcp:80']);
  assert.deepEqual(rig.kernel.sent, []);
});

test('a group is a service for each address, with one shared list of destinations', async () => {
  const rig = new Rig();
  const text = `
virtual_server_group web {
    10.0.1.1-4 80
    10.0.2.1 443
}
virtual_server group web {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    ${server(1)}
}
`;
  await rig.director.start(config(text), 1, emptyJournal);
  assert.equal(rig.kernel.table.size, 5);
  await rig.verdict([0, 0, 0], false);
  assert.ok([...rig.kernel.table.values()].every((held) => held.destinations.size === 0));
});
