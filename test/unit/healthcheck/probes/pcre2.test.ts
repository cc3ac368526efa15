/** PCRE2's meaning of patterns and options. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MOST_SUBJECT_BYTES,
  Pcre2,
  type RegexRequest,
  readModule,
  regexOptionWords,
  validatePattern,
} from '../../../../healthcheck/probes/pcre2.js';

const library = new Pcre2(readModule());

function match(pattern: string, subject: string | Buffer, more: Partial<RegexRequest> = {}): number | string {
  const request: RegexRequest = { pattern, options: [], minOffset: undefined, maxOffset: undefined, ...more };
  const answer = library.match(request, typeof subject === 'string' ? Buffer.from(subject) : subject);
  return answer.kind === 'matched' ? answer.at : answer.kind;
}

test('patterns mean what PCRE2 means, where JavaScript differs', () => {
  assert.equal(
    match('BUILD: rpm-.{3,50} :: DATE: ../../.... .{12}', `x BUILD: rpm-abc :: DATE: 01/02/2024 ${'z'.repeat(12)}`),
    2,
  );
  assert.equal(match('a++b', 'aaab'), 0);
  assert.equal(match('(?>a+)ab', 'aaab'), 'not-matched');
  assert.equal(match('^b$', 'a\nb\n', { options: ['multiline'] }), 2);
  assert.equal(match('b$', 'ab\n'), 1);
  assert.equal(match('(\\((?:[^()]|(?1))*\\))z', 'x(a(b)c)z'), 1);
  assert.equal(match('a(*SKIP)(*FAIL)|b', 'aab'), 2);
  assert.equal(match('[[:digit:]]+', 'ab12'), 2);
  assert.equal(match('\\Aa.b', 'a\nb', { options: ['dotall'] }), 0);
  assert.equal(match('HELLO', 'say hello', { options: ['caseless'] }), 4);
  assert.equal(match('h e l', 'hel', { options: ['extended'] }), 0);
  assert.equal(match('(a)(?<n>b)\\1', 'aba'), 0);
  assert.equal(match('(?<n>a)|(?<n>b)', 'b', { options: ['dupnames'] }), 0);
  assert.equal(match('a+', 'aaa', { options: ['ungreedy'] }), 0);
});

test('bytes are bytes without utf, characters with it', () => {
  assert.equal(match('^.{2}$', 'é'), 0);
  assert.equal(match('^.$', 'é', { options: ['utf'] }), 0);
  assert.equal(match('\\xff\\x00', Buffer.from([1, 0xff, 0])), 1);
  assert.equal(match('é', Buffer.from('xé')), 1);
  assert.equal(match('É', 'é', { options: ['utf', 'caseless'] }), 0);
  assert.equal(match('a', Buffer.from([0x61, 0xff]), { options: ['utf'] }), 'not-matched', 'not UTF-8');
  assert.equal(match('(*UTF)^.$', 'é'), 0);
  assert.equal(match('\\w', 'é'), 'not-matched');
  assert.equal(match('\\w', 'é', { options: ['utf', 'ucp'] }), 0);
});

test('offsets are bytes from the beginning, and count where a match begins', () => {
  assert.equal(match('b', 'abcb', { minOffset: 2 }), 3);
  assert.equal(match('b', 'abcb', { minOffset: 4 }), 'not-matched');
  assert.equal(match('b', 'abcb', { minOffset: 9 }), 'not-matched');
  assert.equal(match('b', 'abcb', { maxOffset: 1 }), 1);
  assert.equal(match('b', 'abcb', { maxOffset: 0 }), 'not-matched');
  assert.equal(match('bc', 'abc', { maxOffset: 1 }), 1, 'a match may end behind it');
  assert.equal(match('(?<=a)b', 'ab', { minOffset: 1 }), 1, 'what stands before it is seen');
  assert.equal(match('b', 'éb', { options: ['utf'], minOffset: 2, maxOffset: 2 }), 2);
  assert.equal(match('b', 'éb', { options: ['utf'], maxOffset: 1 }), 'not-matched');
});

test('a page that is too long is looked at as far as the bound', () => {
  const page = Buffer.alloc(MOST_SUBJECT_BYTES + 10, 'a');
  page.write('END', MOST_SUBJECT_BYTES - 3);
  page.write('LATE', MOST_SUBJECT_BYTES + 2);
  assert.equal(match('END', page), MOST_SUBJECT_BYTES - 3);
  assert.equal(match('LATE', page), 'not-matched');
});

test('PCRE2 gives up by itself at its limits, and goes on afterwards', () => {
  assert.equal(match('(*LIMIT_MATCH=1000)(a+)+$', `${'a'.repeat(40)}b`), 'gave-up');
  assert.equal(match('(*NO_START_OPT)a(?:(?:a|b|ab)*)*c', 'ab'.repeat(200_000)), 'gave-up');
  assert.equal(
    new Pcre2(readModule()).match(
      { pattern: 'b', options: [], minOffset: undefined, maxOffset: undefined },
      Buffer.from('ab'),
    ).kind,
    'matched',
  );
});

test('-t: a pattern that cannot be honoured says why and what to do', () => {
  assert.equal(validatePattern('a(b)c', []), undefined);
  assert.match(validatePattern('a(b', []) ?? '', /^missing closing parenthesis \(at character 4 of the pattern\)$/);
  assert.match(validatePattern('a(b', ['ucp', 'ungreedy']) ?? '', /at character 4 of/);
  assert.match(validatePattern('(*UCP)a(b', ['ungreedy']) ?? '', /at character 10 of/);
  assert.match(validatePattern('a', ['caseles']) ?? '', /'caseles' is not one of: caseless/);
  assert.match(validatePattern('a', ['dollar_endonly']) ?? '', /write \\z/);
  assert.match(validatePattern('(*UTF)a', ['never_utf']) ?? '', /\(\*UTF\), which its own regex_options/);
  assert.match(validatePattern('a\\Cb', ['never_backslash_c']) ?? '', /\\C/);
  assert.equal(validatePattern('a\\\\Cb', ['never_backslash_c']), undefined);
  assert.match(validatePattern('É', ['caseless']) ?? '', /add 'utf'/);
  assert.equal(validatePattern('É', ['caseless', 'utf']), undefined);
});

test('every option word is either honoured or refused with a cure', () => {
  assert.equal(regexOptionWords.length, 24);
  for (const word of regexOptionWords) {
    const reason = validatePattern('a', [word]);
    if (reason !== undefined) assert.match(reason, /is not supported by lvsd: (write|begin|make|take) /);
  }
});

test('property: any pattern over any bytes ends in an answer', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.uint8Array({ maxLength: 40 }), (pattern, bytes) => {
      if (validatePattern(pattern, []) !== undefined) return;
      const answer = library.match({ pattern, options: [], minOffset: undefined, maxOffset: undefined }, bytes);
      assert.ok(['matched', 'not-matched', 'gave-up'].includes(answer.kind));
    }),
    { numRuns: 300 },
  );
});
