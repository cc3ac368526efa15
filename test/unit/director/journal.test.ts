/** The journal: what is written is read again, and no text makes it fail. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emptyJournal,
  formatLines,
  type Journal,
  journalLines,
  ownedByEither,
  readJournal,
} from '../../../director/journal.js';
import { JournalFile } from '../../../director/journal-file.js';
import type { JournalledMembership } from '../../../healthcheck/membership-journal.js';
import { weight } from '../../../runtime/units.js';

const here = { bootId: 'b0', namespace: '4:1' };
const checker = { identity: 'x', up: false, run: true, since: 1, text: 'refused' };
const dead: JournalledMembership = {
  name: '[10.0.0.1]:tcp:80',
  quorumUp: true,
  told: true,
  servers: [{ name: '[10.1.0.1]:tcp:80', told: false, since: 1, checkers: [checker] }],
};
const some: Journal = {
  owned: new Map([['[10.0.0.1]:tcp:80', { services: ['s1', 's2'], destinations: ['d1'] }]]),
  memberships: new Map([['[10.0.0.1]:tcp:80', dead]]),
  restore: {
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    sysctls: { 'net.ipv4.vs.conn_reuse_mode': '1' },
    daemons: ['master'],
  },
  handWeights: new Map([
    ['[10.0.0.1]:tcp:80', new Map([['[10.1.0.1]:80', { expected: weight(5), found: weight(0) }]])],
  ]),
};

function inFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-journal-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('what is written is read back', () => {
  const read = readJournal(formatLines(journalLines(here, some)), here);
  assert.ok(read.kind === 'journal');
  assert.deepEqual(read.journal, some);
});

test('a journal of another boot or another namespace is foreign: nothing in it is ours', () => {
  const text = formatLines(journalLines(here, some));
  assert.equal(readJournal(text, { ...here, bootId: 'b1' }).kind, 'foreign');
  assert.equal(readJournal(text, { ...here, namespace: '4:2' }).kind, 'foreign');
});

test('a last line torn by a crash is dropped, the rest holds', () => {
  const text = formatLines(journalLines(here, some));
  const read = readJournal(text.slice(0, -9), here);
  assert.ok(read.kind === 'journal');
  assert.deepEqual(read.journal.owned, some.owned);
  assert.equal(read.journal.memberships.size, 0);
});

test('property: any text is read without an exception', () => {
  const whole = formatLines(journalLines(here, some));
  fc.assert(
    fc.property(fc.string(), fc.nat(whole.length), fc.string(), (before, at, inside) => {
      readJournal(before, here);
      readJournal(whole.slice(0, at) + inside + whole.slice(at), here);
      return true;
    }),
  );
});

test('the file: appended lines count, a missing file is empty, a link is not followed', () => {
  inFolder((folder) => {
    const path = join(folder, 'journal');
    const file = new JournalFile(path, here);
    assert.deepEqual(file.read(), { kind: 'journal', journal: emptyJournal });
    file.replace(some);
    file.append([{ is: { ...dead, quorumUp: false } }, { gone: 'nothing' }]);
    const again = new JournalFile(path, here).read();
    assert.ok(again.kind === 'journal');
    assert.equal(again.journal.memberships.get(dead.name)?.quorumUp, false);
    file.remove();
    assert.throws(() => readFileSync(path));

    writeFileSync(join(folder, 'elsewhere'), formatLines(journalLines(here, some)));
    symlinkSync(join(folder, 'elsewhere'), path);
    assert.equal(new JournalFile(path, here).read().kind, 'damaged');
  });
});

test('while the kernel changes from old to new, both are owned', () => {
  const old = new Map([
    ['a', { services: ['s1'], destinations: ['d1'] }],
    ['b', { services: ['s2'], destinations: ['d2'] }],
  ]);
  const now = new Map([['a', { services: ['s1', 's3'], destinations: ['d3'] }]]);
  const both = ownedByEither(old, now);
  assert.deepEqual(both.get('a'), { services: ['s1', 's3'], destinations: ['d1', 'd3'] });
  assert.deepEqual(both.get('b'), { services: ['s2'], destinations: ['d2'] });
});
