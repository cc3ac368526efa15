/** Answers of HTTP servers, honest and hostile, in pieces of any size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type HttpProgress,
  HttpResponseReader,
  MOST_HEAD_BYTES,
} from '../../../../healthcheck/probes/http-response.js';

interface Read {
  readonly end: HttpProgress;
  readonly status: number;
  readonly body: string;
  readonly framed: string;
  readonly head: string;
  readonly reader: HttpResponseReader;
}

/** Feeds `text` in pieces that end at `cuts`. */
function read(text: string, cuts: readonly number[] = [], mostBody?: number): Read {
  const parts = { head: '', body: '', framed: '' };
  const add = (part: keyof typeof parts) => (bytes: Uint8Array) => {
    parts[part] += Buffer.from(bytes).toString('latin1');
  };
  const reader = new HttpResponseReader({ head: add('head'), body: add('body'), framed: add('framed') }, mostBody);
  const bytes = Buffer.from(text, 'latin1');
  let end: HttpProgress = { kind: 'more' };
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    if (end.kind !== 'more') break;
    const to = Math.min(Math.max(cut, from), bytes.length);
    end = reader.push(bytes.subarray(from, to));
    from = to;
  }
  return { end, status: reader.status, ...parts, reader };
}

test('a body framed by Content-Length, by chunks, and by the end of the connection', () => {
  const length = read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloextra');
  assert.deepEqual([length.end.kind, length.status, length.body], ['complete', 200, 'hello']);
  const chunked = read(
    'HTTP/1.1 201 \r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n',
  );
  assert.deepEqual([chunked.end.kind, chunked.status, chunked.body], ['complete', 201, 'hello']);
  assert.equal(chunked.framed, '3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n');
  const close = read('HTTP/1.0 503\n\nhello');
  assert.deepEqual([close.end.kind, close.status, close.body, close.head], ['more', 503, 'hello', 'HTTP/1.0 503\n\n']);
});

test('answers without a body, and interim answers before the real one', () => {
  assert.equal(read('HTTP/1.1 204 No Content\r\n\r\n').end.kind, 'complete');
  assert.equal(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n').end.kind, 'complete');
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').end.kind, 'complete');
  const interim = read(
    'HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  );
  assert.deepEqual([interim.end.kind, interim.status, interim.body], ['complete', 200, 'ok']);
});

const rejects: readonly (readonly [string, string, string])[] = [
  ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', 'no-http'],
  ['garbage without an end', '\x16\x03\x01', 'no-http'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n', 'no-http'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n', 'no-http'],
  ['a status that is too large', 'HTTP/1.1 999 ?\r\n', 'no-http'],
  ['a long line', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}`, 'head-too-long'],
  ['many lines', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(MOST_HEAD_BYTES / 6)}`, 'head-too-long'],
  ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3000), 'head-too-long'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'bad-length'],
  ['a huge length', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\n`, 'bad-length'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'bad-length'],
  ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'bad-chunk'],
  ['a huge chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n', 'bad-chunk'],
  [
    'a chunk size without end',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(2000)}`,
    'bad-chunk',
  ],
  ['no line end after a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab', 'bad-chunk'],
  [
    'trailers without end',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(4000)}`,
    'head-too-long',
  ],
];
for (const [name, text, reject] of rejects) {
  test(`rejected: ${name}`, () => {
    assert.deepEqual(read(text).end, { kind: 'rejected', reject });
  });
}

test('the body is bounded, however it is framed', () => {
  assert.deepEqual(read(`HTTP/1.0 200 OK\r\n\r\n${'a'.repeat(50)}`, [], 10).end, { kind: 'body-bound' });
  assert.deepEqual(read(`HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\n${'a'.repeat(50)}`, [], 10).end, {
    kind: 'body-bound',
  });
  const chunks = read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(50)}`, [], 10);
  assert.equal(chunks.end.kind, 'body-bound');
  assert.equal(chunks.body.length, 10);
});

const someAnswer = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.constantFrom(
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 500 Oops\r\n\r\nbody',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ),
);

test('property: where the bytes are cut changes nothing', () => {
  fc.assert(
    fc.property(someAnswer, fc.array(fc.nat({ max: 80 }), { maxLength: 12 }), (text, cuts) => {
      const whole = read(text);
      const cut = read(text, cuts);
      assert.deepEqual(
        [cut.end, cut.status, cut.body, cut.framed],
        [whole.end, whole.status, whole.body, whole.framed],
      );
    }),
    { numRuns: 500 },
  );
});

test('property: any bytes give a value or a named reject', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, afterHead) => {
      const begin = afterHead ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' : '';
      const { end } = read(begin + Buffer.from(bytes).toString('latin1'));
      assert.ok(['more', 'complete', 'body-bound', 'rejected'].includes(end.kind));
    }),
    { numRuns: 1000 },
  );
});
