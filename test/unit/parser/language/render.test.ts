// Diagnostics as text and JSON, the exit code of -t, and "did you mean".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Diagnostic, DiagnosticClass } from '../../../../parser/diagnostic.js';
import {
  diagnosticsToJson,
  exitCodeOf,
  isUsable,
  renderDiagnostic,
  renderDiagnostics,
} from '../../../../parser/render-diagnostic.js';
import { editDistance, nearestWord, suggestForWord, suggestWord } from '../../../../parser/suggest.js';
import { readText } from './reading.js';

function diagnostic(line: number, column: number, more: Partial<Diagnostic> = {}): Diagnostic {
  return {
    class: 'assumed',
    code: 'LVSD_CONFIG_UNKNOWN_KEYWORD',
    message: "Unknown keyword 'x'",
    at: { file: '/etc/lvs/f', line, column },
    span: 1,
    expected: undefined,
    suggestion: undefined,
    assumed: undefined,
    ...more,
  };
}

test('the first line is the one of keepalived, the caret stands under the word, tabs stay', () => {
  const snapshot = readText('a {\n\tlb_alg rr\n}\n');
  const rendered = renderDiagnostic(
    diagnostic(2, 2, {
      span: 6,
      message: "Unknown keyword 'lb_alg'",
      suggestion: "did you mean 'lb_algo'?",
      expected: 'a keyword',
      assumed: 'the line is left out',
    }),
    snapshot,
  );
  assert.equal(
    rendered,
    [
      "(Line 2) Unknown keyword 'lb_alg'",
      '    \tlb_alg rr',
      '    \t^^^^^^',
      '    expected: a keyword',
      "    did you mean 'lb_algo'?",
      '    assumed: the line is left out',
    ].join('\n'),
  );
});

test('with more than one file read, the file stands in the prefix; without a place there is no prefix', () => {
  const snapshot = readText('include g\n', { '/etc/lvs/g': 'x\n' });
  assert.match(renderDiagnostic(diagnostic(1, 1), snapshot), /^\(\/etc\/lvs\/f: Line 1\) Unknown/);
  assert.equal(renderDiagnostic(diagnostic(1, 1, { at: undefined }), snapshot), "Unknown keyword 'x'");
  assert.equal(renderDiagnostic(diagnostic(1, 1), undefined), "(Line 1) Unknown keyword 'x'");
});

test('the caret of a substituted word stands under the definition that was used', () => {
  const snapshot = readText('$A=bad word\nfoo  $A\n');
  assert.equal(
    renderDiagnostic(diagnostic(2, 6, { span: 2 }), snapshot),
    "(Line 2) Unknown keyword 'x'\n    foo  $A\n         ^^",
  );
});

test('long lines are shown around the caret, control characters are not sent to the terminal', () => {
  const snapshot = readText(`${'a'.repeat(1000)}\x1b[31m ${'b'.repeat(1000)}\n`);
  const [, shown, caret] = renderDiagnostic(diagnostic(1, 1001), snapshot).split('\n');
  assert.ok(shown!.length < 200 && !shown!.includes('\x1b'));
  assert.equal(shown![caret!.indexOf('^')], '\ufffd');
});

test('all are ordered by position, what is about the whole comes last', () => {
  const snapshot = readText('a\nb\nc\n');
  const text = renderDiagnostics(
    [diagnostic(1, 1, { at: undefined, message: 'whole' }), diagnostic(3, 1), diagnostic(1, 5), diagnostic(1, 2)],
    snapshot,
  );
  assert.deepEqual(
    text.split('\n').filter((line) => !line.startsWith(' ')),
    ["(Line 1) Unknown keyword 'x'", "(Line 1) Unknown keyword 'x'", "(Line 3) Unknown keyword 'x'", 'whole'],
  );
  assert.ok(text.indexOf(' ^') < text.indexOf('    c'));
});

test('JSON has every key in each entry', () => {
  const value = JSON.parse(
    diagnosticsToJson([diagnostic(2, 1), diagnostic(1, 1, { at: undefined })], readText('a\nb x\n')),
  );
  assert.equal(value.version, 1);
  assert.equal(value.exitCode, 5);
  assert.deepEqual(value.diagnostics[0], {
    class: 'assumed',
    code: 'LVSD_CONFIG_UNKNOWN_KEYWORD',
    message: "Unknown keyword 'x'",
    file: '/etc/lvs/f',
    line: 2,
    column: 1,
    span: 1,
    source: 'b x',
    expected: null,
    suggestion: null,
    assumed: null,
  });
  assert.equal(value.diagnostics[1].line, null);
});

test('the exit code is that of keepalived: 2, then 4, then 6, then 5', () => {
  const of = (...classes: DiagnosticClass[]): number =>
    exitCodeOf(classes.map((cls) => ({ class: cls, code: 'LVSD_CONFIG_X' as const })));
  assert.equal(of(), 0);
  assert.equal(of('note'), 0);
  assert.equal(of('assumed', 'note'), 5);
  assert.equal(of('assumed', 'security'), 6);
  assert.equal(of('security', 'unusable', 'assumed'), 4);
  assert.equal(of('unusable', 'missing', 'security'), 2);
});

test('unbalanced braces stop lvsd, and exit with 5 under -t as keepalived does', () => {
  for (const text of ['a {\n', 'a x\n}\n']) {
    const { diagnostics } = readText(text);
    assert.equal(exitCodeOf(diagnostics), 5);
    assert.equal(isUsable(diagnostics), false);
  }
});

test('edit distance counts insertions, deletions, replacements and swaps', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['lb_alg', 'lb_algo', 1],
    ['weight', 'wieght', 1],
    ['kitten', 'sitting', 3],
  ];
  for (const [a, b, distance] of cases) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
    }),
  );
});

test('a near word is suggested, a far one is not', () => {
  const known = ['lb_algo', 'lb_kind', 'protocol', 'real_server', 'quorum', 'weight'];
  assert.equal(nearestWord('LB_Algo', known), 'lb_algo');
  assert.equal(nearestWord('lb-kind', known), 'lb_kind');
  assert.equal(nearestWord('realserver', known), 'real_server');
  assert.equal(nearestWord('persistence_timeout', known), undefined);
  assert.equal(suggestWord('wieght', known), "did you mean 'weight'?");
  assert.equal(suggestWord('', known), undefined);
});

test('a right word in a wrong block is sent home', () => {
  const words = new Map([
    ['virtual_server', ['lb_algo', 'weight', 'quorum']],
    ['real_server', ['weight', 'TCP_CHECK', 'retry']],
    ['top level', ['virtual_server']],
  ]);
  assert.equal(suggestForWord('lb_algo', 'real_server', words), "'lb_algo' belongs in virtual_server");
  assert.equal(suggestForWord('virtual_server', 'real_server', words), "'virtual_server' belongs in the top level");
  assert.equal(suggestForWord('retyr', 'real_server', words), "did you mean 'retry'?");
  assert.equal(suggestForWord('zzzzzzz', 'real_server', words), 'real_server knows weight, TCP_CHECK, retry');
  const many = new Map([['real_server', Array.from({ length: 13 }, (_, k) => `word_${k}`)]]);
  assert.equal(suggestForWord('zzzzzzz', 'real_server', many), undefined);
});

test('secrets are starred, in text and in JSON', () => {
  const lines = ['auth_pass hunter2!x', 'password "pem secret"', 'key 1 "topsecret"', 'redis redis://u:hunter2@h/0'];
  const snapshot = readText(`${lines.join('\n')}\n`);
  const found = lines.map((_, k) => diagnostic(k + 1, 1));
  for (const shown of [renderDiagnostics(found, snapshot), diagnosticsToJson(found, snapshot)]) {
    assert.doesNotMatch(shown, /hunter2|secret/);
    assert.match(shown, /redis:\/\/\*{9}@h\/0/);
  }
});

test('a value that sticks to its word, a word of old files, a misspelt word of another block', () => {
  const words = new Map([
    ['virtual_server', ['lb_algo', 'real_server', 'quorum', 'retry']],
    ['real_server', ['weight', 'TCP_CHECK', 'retry']],
    ['TCP_CHECK', ['connect_timeout', 'retry', 'warmup']],
    ['vrrp_script', ['retry', 'warmup', 'interval']],
    ['top level', ['virtual_server', 'warmup']],
  ]);
  const near = new Map([['real_server', new Set(['virtual_server', 'TCP_CHECK'])]]);
  const of = (word: string, block: string): string | undefined => suggestForWord(word, block, words, near);
  assert.equal(
    of('connect_timeout=3', 'TCP_CHECK'),
    "write 'connect_timeout 3': a blank stands between a word and its value",
  );
  assert.equal(of('virtual_server192.0.2.1', 'top level'), "write 'virtual_server 192.0.2.1': a blank is missing");
  assert.equal(of('lvs_id', 'top level'), 'keepalived gave lvs_id up before 1.1.8: router_id names a director');
  assert.equal(of('conect_timeout', 'real_server'), "did you mean 'connect_timeout'? It belongs in TCP_CHECK");
  assert.equal(of('warmup', 'real_server'), "'warmup' belongs in TCP_CHECK, vrrp_script or the top level");
  assert.equal(of('retry', 'top level'), "'retry' belongs in virtual_server, real_server, TCP_CHECK and 1 more");
  assert.equal(of('nonsense_word', 'real_server'), 'real_server knows weight, TCP_CHECK, retry');
});

test('what is written in a file does not steer the terminal', () => {
  const evil = '\x1b[2J\x9b31m\u202e';
  const found = diagnostic(1, 1, { message: `Unknown keyword '${evil}'`, suggestion: `did you mean '${evil}'?` });
  const shown = renderDiagnostics([found], readText(`${evil} x\n`));
  assert.doesNotMatch(shown, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.match(shown, /^\(Line 1\) Unknown keyword '\ufffd\[2J/);
});
