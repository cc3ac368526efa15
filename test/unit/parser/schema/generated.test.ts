/**
 * What is made from the schema is current (LVSD_UPDATE=1 writes it) and does what it is for: groff reads the manual page
 * without a word, the examples in it are right, the grammar colours what the parser knows, the JSON names every word.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseBlock } from '../../../../parser/block-parser.js';
import { generatedFiles } from '../../../../parser/schema/generated.js';
import { type AnyBlock, allBlocks } from '../../../../parser/schema/index.js';
import { languageSections } from '../../../../parser/schema/language-manual.js';
import { manualPage } from '../../../../parser/schema/manual.js';
import { textMateGrammar } from '../../../../parser/schema/textmate.js';
import { readSnapshot } from '../../../../parser/snapshot.js';
import type { Statement } from '../../../../parser/statement.js';
import { repoRoot, sharedCorpus } from '../../../root.js';
import { complaints, parseText } from './parse-text.js';
import { type LineScopes, type TextMateGrammar, TextMateReader } from './textmate-reader.js';

for (const { path, text } of generatedFiles) {
  test(`${path} is current`, () => {
    const file = join(repoRoot, path);
    if (process.env.LVSD_UPDATE === '1') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text());
    }
    assert.equal(
      readFileSync(file, 'utf8'),
      text(),
      `${path} is old: run "LVSD_UPDATE=1 npm run test:unit generated" and commit it`,
    );
  });
}

test('the manual page names every word, and its requests are those of man(7)', () => {
  const page = manualPage();
  const requests = new Set([...page.matchAll(/^\.([A-Za-z"\\]+)/gm)].map((match) => match[1]));
  assert.deepEqual([...requests].sort(), ['BR', 'PP', 'RE', 'RS', 'SH', 'SS', 'TH', 'TP', '\\"', 'fi', 'nf']);
  for (const block of allBlocks) {
    for (const { name } of block.keywords) assert.ok(page.includes(`\\fB${name.replaceAll('-', '\\-')}\\fR`), name);
  }
});

test('groff has nothing to say about the manual page', (context) => {
  const done = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-Z'], { input: manualPage(), encoding: 'utf8' });
  if (done.error !== undefined) {
    context.skip('groff is not on this machine: the structure of the page was checked, its setting was not');
    return;
  }
  assert.equal(done.stderr, '');
  assert.equal(done.status, 0);
});

test('the examples of the manual page are read without a complaint', () => {
  const examples = [...languageSections().matchAll(/\.nf\n\.RS 4\n([\s\S]*?)\n\.RE\n\.fi/g)].map((match) =>
    (match[1] ?? '').replaceAll('\\-', '-').replaceAll('\\(ti', '~').replaceAll('\\e', '\\'),
  );
  const [, , definitions = '', loops = ''] = examples;
  assert.equal(examples.length, 4);
  const fleet = parseText(loops);
  assert.equal(fleet.config.virtualServers[0]?.realServers.length, 20);
  const pair = parseText(
    `virtual_server 192.0.2.1 80 {\n protocol TCP\nlvs_sched rr\nlvs_method NAT\n${definitions}\n}\n`,
  );
  assert.deepEqual(complaints(pair.diagnostics), []);
  assert.deepEqual(
    pair.config.virtualServers[0]?.realServers.map((server) => server.address),
    ['10.0.1.1', '10.0.1.2'],
  );
});

const grammar = textMateGrammar() as unknown as TextMateGrammar;
const byName = new Map(allBlocks.map((block) => [block.name, block]));

/** The innermost scope of the first place of a line where a word stands. */
function scopeOf(lines: readonly string[], scopes: readonly LineScopes[], line: number, word: string): string {
  const at = lines[line]!.indexOf(word);
  return scopes[line]?.[at]?.at(-1)?.replace('.keepalived', '') ?? '';
}

test('the grammar colours each word by the block that it stands in', () => {
  const lines = [
    '! a comment',
    '$IP=10.0.0.1',
    'include sub/*.conf # and more',
    'virtual_server $IP 80 {',
    '  lb_algo wrr',
    '  connect_port 3',
    '  @lb1 quorum 0x2 # "',
    '  quorum_up "/bin/x \'a b\' \\"c" nobody',
    '  real_server 2001:db8::1 80',
    '  {',
    '    weight 3',
    '    ~SEQ(i, 1, 3) TCP_CHECK { connect_timeout 3 }',
    '    TCP_CHECK {',
    '      weight 1',
    '    } }',
    '  quorum 1',
    '}',
    'quorum 1',
  ];
  const reader = new TextMateReader(grammar);
  const scopes = lines.map((line) => reader.line(line));
  assert.equal(reader.depth, 1);
  const expected: readonly (readonly [number, string, string])[] = [
    [0, 'comment', 'comment.line'],
    [1, 'IP', 'variable.other.definition'],
    [1, '10.0.0.1', 'constant.numeric.address'],
    [2, 'include', 'keyword.control.include'],
    [2, 'and', 'comment.line'],
    [3, 'virtual_server', 'entity.name.type'],
    [3, '$IP', 'variable.other'],
    [3, '80', 'constant.numeric'],
    [4, 'lb_algo', 'keyword.other'],
    [4, 'wrr', 'constant.language'],
    [5, 'connect_port', 'meta.block.virtual-server'],
    [6, 'lb1', 'entity.name.tag'],
    [6, 'quorum', 'keyword.other'],
    [7, 'a b', 'string.quoted.double'],
    [7, 'nobody', 'meta.block.virtual-server'],
    [8, 'real_server', 'entity.name.type'],
    [8, '2001', 'constant.numeric.address'],
    [10, 'weight', 'keyword.other'],
    [11, '~SEQ', 'keyword.control.loop'],
    [11, 'TCP_CHECK', 'entity.name.type'],
    [11, 'connect_timeout', 'keyword.other'],
    [13, 'weight', 'meta.block.TCP-CHECK'],
    [15, 'quorum', 'keyword.other'],
    [17, 'quorum', 'source'],
  ];
  for (const [line, word, scope] of expected)
    assert.equal(scopeOf(lines, scopes, line, word), scope, `${line}: ${word}`);
});

/** Every word of a file that the schema knows where it stands has the colour of a keyword. @returns how many */
function checkColours(path: string): number {
  const snapshot = readSnapshot(path, { configId: 'vm' });
  // Where lines were expanded or braces do not balance, the parser and an editor see different things.
  if (snapshot.lineMap.runs.length !== 4 || snapshot.lineMap.columns.length > 0 || snapshot.diagnostics.length > 0)
    return 0;
  const reader = new TextMateReader(grammar);
  const scopes = snapshot.text.split('\n').map((line) => reader.line(line));
  let known = 0;
  const visit = (statement: Statement, block: AnyBlock): void => {
    const word = statement.words[0];
    const found = word === undefined ? undefined : block.table.get(word.text);
    if (word === undefined || found === undefined || word.quoted) return;
    // A keyword whose block is not there colours on to the next brace: nothing behind it can be judged.
    const scope = scopes[statement.line]?.[word.column - 1]?.at(-1) ?? '';
    assert.match(
      scope,
      /^(?:keyword\.other|entity\.name\.type|invalid\.deprecated)\./,
      `${path}:${statement.line + 1} ${word.text}`,
    );
    known++;
    const inner = byName.get(found.keyword.opens ?? '');
    if (inner !== undefined) for (const each of statement.body ?? []) visit(each, inner);
  };
  for (const span of snapshot.blocks) {
    const statement = parseBlock(snapshot, span);
    if (statement !== undefined && allBlocks[0] !== undefined) visit(statement, allBlocks[0]);
  }
  return known;
}

test('what the parser knows in real files is coloured as a keyword', (context) => {
  const folders = [join(repoRoot, 'fixtures/parser/schema'), join(repoRoot, 'fixtures/tables')];
  if (sharedCorpus === undefined) context.diagnostic('the shared corpus is not there: only the fixtures were coloured');
  else folders.push(join(sharedCorpus, 'open'));
  let known = 0;
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((each) => !each.endsWith('.json')))
      known += checkColours(join(folder, name));
  }
  context.diagnostic(`${known} words`);
  assert.ok(known > 0);
});
