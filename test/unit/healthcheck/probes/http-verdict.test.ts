/** What an answer is worth: status, digest, regex. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HttpVerdict } from '../../../../healthcheck/probes/http-verdict.js';
import { MOST_SUBJECT_BYTES } from '../../../../healthcheck/probes/pcre2.js';
import type { RegexEngine } from '../../../../healthcheck/probes/regex.js';
import type { ProbeResult } from '../../../../healthcheck/verdict.js';
import { regexOf, url } from './rig.js';

/** An engine that notes what it is shown and answers `matched`. */
function noting(): RegexEngine & { readonly shown: Buffer[] } {
  const shown: Buffer[] = [];
  return {
    shown,
    match(_request, subject, callback) {
      shown.push(Buffer.from(subject));
      callback({ kind: 'matched', at: 0 });
      return () => {};
    },
    close: () => Promise.resolve(),
  };
}

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.0 500\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
    )
    .map((text) => new Uint8Array(Buffer.from(text))),
);

test('property: any stream of bytes ends in exactly one result, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.boolean(), fc.boolean(), (pieces, digest, regex) => {
      const asked = url({ digest: digest ? '0'.repeat(32) : undefined, regex: regex ? regexOf('a') : undefined });
      const verdict = new HttpVerdict(asked, 'X');
      for (const bytes of pieces) if (verdict.push(bytes)) break;
      const results: ProbeResult[] = [];
      verdict.judge(noting(), (result) => results.push(result));
      assert.equal(results.length, 1);
      assert.notEqual(results[0]?.ok, null);
    }),
    { numRuns: 1000 },
  );
});

test('the regex is shown the answer from its first byte, without chunk framing, up to the bound', () => {
  const verdict = new HttpVerdict(url({ regex: regexOf('a') }), 'X');
  const engine = noting();
  verdict.push(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'));
  verdict.judge(engine, () => {});
  assert.equal(engine.shown[0]?.toString(), 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabcde');

  const long = new HttpVerdict(url({ regex: regexOf('a') }), 'X');
  long.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\n'));
  for (let i = 0; i < 40; i++) long.push(Buffer.alloc(65_536, i));
  long.judge(engine, () => {});
  assert.equal(engine.shown[1]?.length, MOST_SUBJECT_BYTES);
});

test('a wrong status ends the reading at the end of the header', () => {
  const verdict = new HttpVerdict(url(), 'X');
  assert.equal(verdict.push(Buffer.from('HTTP/1.1 500 no\r\n')), false);
  assert.equal(verdict.push(Buffer.from('\r\n')), true);
});
