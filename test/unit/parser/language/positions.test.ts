// Positions through every kind of expansion: they lead to the text that the operator typed, at the place of use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBlock } from '../../../../parser/block-parser.js';
import { positionOf, readSnapshot, type Snapshot, sourceLine } from '../../../../parser/snapshot.js';
import type { Statement } from '../../../../parser/statement.js';
import { readText } from './reading.js';

/** `word@line:column` of every word. */
function words(snapshot: Snapshot): string[] {
  const found: string[] = [];
  const visit = (statement: Statement): void => {
    for (const word of statement.words) {
      const at = positionOf(snapshot, statement.line, word.column);
      found.push(`${word.text}@${at.line}:${at.column}`);
    }
    for (const inner of statement.body ?? []) visit(inner);
  };
  for (const block of snapshot.blocks) {
    const statement = parseBlock(snapshot, block);
    if (statement !== undefined) visit(statement);
  }
  return found;
}

test('words around a substitution keep their columns, substituted ones get the column of the $', () => {
  assert.deepEqual(words(readText('$A=long value\n  x ${A}y  z $A w\n')), [
    'x@2:3',
    'long@2:5',
    'valuey@2:5',
    'z@2:12',
    'long@2:14',
    'value@2:14',
    'w@2:17',
  ]);
});

test('definitions in definitions lead to the outermost use', () => {
  assert.deepEqual(words(readText('$A=in\n$B=a ${A} b\nx $B y\n')), ['x@3:1', 'a@3:3', 'in@3:3', 'b@3:3', 'y@3:6']);
});

test('multi-line definitions, loops and conditions', () => {
  assert.deepEqual(words(readText('$M=\\\n a b \\\n c\n  $M\nx\n')), ['a@4:3', 'b@4:3', 'c@4:3', 'x@5:1']);
  assert.deepEqual(words(readText('~SEQ(i, 1, 2)  n $i m\nx\n')), [
    'n@1:16',
    '1@1:18',
    'm@1:21',
    'n@1:16',
    '2@1:18',
    'm@1:21',
    'x@2:1',
  ]);
  assert.deepEqual(words(readText('@vm   a b\nx { @vm y\n}\n')), ['a@1:7', 'b@1:9', 'x@2:1', 'y@2:9']);
});

test('lines in and around includes', () => {
  const snapshot = readText('a\n\ninclude g\n# c\nb {\ninclude g\n c\n}\n', { '/etc/lvs/g': '\nin g\n\nlast g' });
  assert.deepEqual(words(snapshot), [
    'a@1:1',
    'in@2:1',
    'g@2:4',
    'last@4:1',
    'g@4:6',
    'b@5:1',
    'in@2:1',
    'g@2:4',
    'last@4:1',
    'g@4:6',
    'c@7:2',
  ]);
});

test('sourceLine gives what was typed, also where it vanished or was repeated', () => {
  const text = '$A=1\r\n  x $A # c\n~SEQ(i,1,-1,3) bad\nplain y\n~SEQ(i,1,2) z$i\nend\n';
  const snapshot = readSnapshot('/f', { readFile: () => Buffer.from(text) });
  const at = (line: number) => sourceLine(snapshot, { file: '/f', line, column: 1 });
  assert.equal(at(2), '  x $A # c');
  assert.equal(at(3), '~SEQ(i,1,-1,3) bad');
  assert.equal(at(4), 'plain y');
  assert.equal(at(5), '~SEQ(i,1,2) z$i');
  assert.equal(at(6), 'end');
  assert.equal(at(8), undefined);
});

test('property: without substitution every word stands in its file where its position says', () => {
  const piece = fc.constantFrom('\n', ' ', '\t', 'ab', 'c', '{', '}', '"q r"', '# c', '\r\n', '@vm ', '@no ', 'é');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      const source = text.split('\n');
      const snapshot = readText(text);
      const visit = (statement: Statement): void => {
        for (const word of statement.words) {
          const at = positionOf(snapshot, statement.line, word.column);
          const expected = word.quoted ? `"${word.text}"` : word.text;
          assert.ok(source[at.line - 1]?.startsWith(expected, at.column - 1), `${JSON.stringify(text)} ${expected}`);
        }
        statement.body?.forEach(visit);
      };
      for (const block of snapshot.blocks) {
        const statement = parseBlock(snapshot, block);
        if (statement !== undefined) visit(statement);
      }
    }),
    { numRuns: 500 },
  );
});
