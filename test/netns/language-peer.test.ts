// keepalived 2.2.7 and lvsd read the same words out of the same text (keepalived.md 5): by hand for includes and exit
// codes, at random for the rest. The runs of the long test go on where these stop (test/long/language.test.ts).
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { parseSnapshot } from '../../parser/parse.js';
import { exitCodeOf } from '../../parser/render-diagnostic.js';
import { languageText } from '../unit/parser/language/texts.js';
import { findPeer, readByPeer, readByUs } from './keepalived-peer.js';

const CONFIG_ID = 'vm';
/** What keepalived knows, and therefore does not name. */
const KNOWN = / (?:global_defs|include_check|router_id)$/;

interface Case {
  readonly name: string;
  /** By path; the first is the main file. */
  readonly files: Readonly<Record<string, string>>;
  readonly executable?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'relative names start at the including file, definitions go in and come out',
    files: {
      f: '$D=outer x\ninclude sub/one.conf\nafter\n$FROM_ONE\n',
      'sub/one.conf': 'one\n$D\n$FROM_ONE=told by one\ninclude deeper/two.conf\n',
      'sub/deeper/two.conf': 'two\ninclude ../three.conf\n',
      'sub/three.conf': 'three\n',
    },
  },
  {
    name: 'wildcards are sorted, hidden files are not matched',
    files: {
      f: 'include d/*.conf\ninclude d/[bc]?.conf\n',
      'd/b1.conf': 'b1\n',
      'd/a1.conf': 'a1\n',
      'd/.h.conf': 'h\n',
    },
  },
  {
    name: 'braces in their own order',
    files: {
      f: 'include d/{b,a}.conf\ninclude {d,e}/*.conf\n',
      'd/a.conf': 'a\n',
      'd/b.conf': 'b\n',
      'e/c.conf': 'c\n',
    },
  },
  {
    name: 'an executable file is skipped',
    files: { f: 'x\ninclude e.conf\ny\n', 'e.conf': 'never\n' },
    executable: ['e.conf'],
  },
  {
    name: 'an executable file among others, demanded by includer',
    files: { f: 'x\nincluder d/*\ny\n', 'd/a': 'a\n', 'd/b': 'b\n' },
    executable: ['d/a'],
  },
  { name: 'a folder is skipped', files: { f: 'include d\nx\n', 'd/a': 'a\n' } },
  { name: 'links are followed', files: { f: 'include l\nx\n', 'd/a': 'a\n' }, links: { l: 'd/a' } },
  ...['include', 'includer', 'includem', 'includew', 'includeb', 'includea'].flatMap((keyword) =>
    [
      'nope',
      'nope*',
      '{n1,n2}',
      '{a,nope}',
      '{n*,a}',
      '{n*,n2*}',
      '{a*,n*}',
      '{a*,nope}',
      '{n*,n2}',
      'e',
      '{a,e}',
      'a*',
    ].map((pattern) => ({
      name: `${keyword} ${pattern}`,
      files: { f: `${keyword} ${pattern}\nx\n`, a: '$A=\n', e: '$A=\n' },
      executable: ['e'],
    })),
  ),
  { name: 'missing with -e', files: { f: 'include nope\n' }, options: ['-e'] },
  ...[
    '',
    'read',
    'match',
    'wildcard_match',
    'brace_match',
    'read match',
    '+match',
    '-match',
    'match -match',
    'foo',
  ].flatMap((checks) =>
    ['nope', 'nope*', '{nope,nope2}'].map((pattern) => ({
      name: `include_check ${checks}, include ${pattern}`,
      files: { f: `global_defs {\ninclude_check ${checks}\n}\ninclude ${pattern}\n` },
    })),
  ),
  { name: 'include_check', files: { f: 'global_defs {\ninclude_check match\n}\ninclude nope\n' } },
  {
    name: 'include_check taken back',
    files: { f: 'global_defs {\ninclude_check\ninclude_check -match\n}\ninclude nope\n' },
  },
  {
    name: 'include_check set whole',
    files: { f: 'global_defs {\ninclude_check read wildcard_match\n}\ninclude nope\n' },
  },
  { name: 'include_check wildcard', files: { f: 'global_defs {\ninclude_check wildcard_match\n}\ninclude nope*\n' } },
  { name: 'an include inside a block', files: { f: 'blk {\ninclude v\n}\nx\n', v: 'v1\nv2 z\n' } },
  {
    name: 'a block that a file opens and another closes',
    files: { f: 'include a\ninclude b\nx\n', a: 'blk {\n', b: 'w\n}\n' },
  },
  { name: 'a name from a definition', files: { f: '$N=v\ninclude $N\ninclude ${N}2\n', v: 'v1\n', v2: 'v2\n' } },
  { name: 'CRLF in both', files: { f: 'include a\r\nx y\r\n', a: 'a1\r\n' } },
  { name: 'a name in quotes', files: { f: 'include "a"\nx\n', a: 'a1\n' } },
  { name: 'an empty file', files: { f: 'include a\nx\n', a: '' } },
  { name: 'the same file twice', files: { f: 'include a\ninclude a\n', a: 'a1\n' } },
  { name: 'an extra brace', files: { f: 'blk {\nw\n}\n}\nx\n' } },
  { name: 'a missing brace', files: { f: 'global_defs {\nrouter_id x\n' } },
  { name: 'loops that cannot be', files: { f: '~SEQ(i,1,-1,5) a$i\n~SEQ(i,0,1,5) b\n~SEQ(i) c\n~LST(a) d\nx\n' } },
  { name: 'too many values', files: { f: '~LST({a,b},{1,2,3}) d$a\nx\n' } },
  { name: 'nothing at all', files: { f: '' } },
  { name: 'only comments', files: { f: '# a\n  ! b\n\n' } },
  { name: 'an unterminated quote', files: { f: 'foo "bar\nx "y\n' } },
  { name: 'the directory of a file', files: { f: '${_INSTANCE}q\ninclude d/a\n', 'd/a': '$P=${_INSTANCE}\nw$P\n' } },
  { name: 'random bounds that are one number', files: { f: 'a${_RANDOM 5 5}\n' } },
];

const peer = await findPeer();

function inFolder<T>(files: Case['files'], work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-language-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if ('missing' in peer) {
  test('the language beside keepalived', (context) => {
    context.skip(`keepalived, the judge, could not be had: ${peer.missing}`);
  });
} else {
  for (const { name, files, executable, links, options } of CASES) {
    test(name, () => {
      inFolder(files, (folder) => {
        for (const file of executable ?? []) chmodSync(join(folder, file), 0o755);
        for (const [link, target] of Object.entries(links ?? {})) symlinkSync(target, join(folder, link));
        const theirs = readByPeer(peer, folder, 'f', ['-i', CONFIG_ID, ...(options ?? [])]);
        const { words, snapshot } = readByUs(folder, 'f', CONFIG_ID, options?.includes('-e'));
        const unknown = words.filter((word) => !KNOWN.test(word));
        // keepalived ends at the first failed check of an include; lvsd tells all that is wrong in one run.
        assert.deepEqual(theirs.exit === 6 ? unknown.slice(0, theirs.words.length) : unknown, theirs.words);
        const parsed = parseSnapshot(snapshot);
        const exit = exitCodeOf([...snapshot.diagnostics, ...parsed.diagnostics]);
        assert.equal(exit, theirs.exit);
      });
    });
  }

  test('property: of random texts the words are the same', () => {
    inFolder({}, (folder) => {
      fc.assert(
        fc.property(languageText, (text) => {
          writeFileSync(join(folder, 'f'), text);
          const { words, snapshot } = readByUs(folder, 'f', CONFIG_ID);
          // A definition that leads to itself is an error with us, and much text or a crash with keepalived.
          fc.pre(!snapshot.diagnostics.some(({ code }) => code === 'LVSD_CONFIG_SELF_REFERENCE'));
          assert.deepEqual(words, readByPeer(peer, folder, 'f', ['-i', CONFIG_ID]).words);
        }),
        { numRuns: 150 },
      );
    });
  });
}
