// How fast large files are read. It prints its figures; what it asserts is only that nothing is out of all proportion,
// because a test machine may be busy. The bars are measured by the benchmarks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateConfig } from '../../../../bench/generate-config.js';
import { parseBlock } from '../../../../parser/block-parser.js';
import { decodeSnapshot, encodeSnapshot, readSnapshot } from '../../../../parser/snapshot.js';

const SHAPES = [
  ['5,000 x 4', generateConfig({ services: 5_000, serversPerService: 4 })],
  ['10,000 x 4', generateConfig({ services: 10_000, serversPerService: 4 })],
  ['2,277 services, 37,205 servers', generateConfig({ services: 2_277, servers: 37_205 })],
] as const;

for (const [name, text] of SHAPES) {
  test(`${name}: read, parsed, encoded, decoded, read again`, (context) => {
    const bytes = Buffer.from(text);
    const readFile = (): Uint8Array => bytes;
    const took: Record<string, number> = {};
    const timed = <T>(what: string, work: () => T): T => {
      const start = performance.now();
      const result = work();
      took[what] = Math.round(performance.now() - start);
      return result;
    };
    const snapshot = timed('read', () => readSnapshot('/f', { readFile }));
    timed('parse', () => {
      for (const block of snapshot.blocks) parseBlock(snapshot, block);
    });
    const encoded = timed('encode', () => encodeSnapshot(snapshot));
    timed('decode', () => decodeSnapshot(encoded));
    timed('read again', () => readSnapshot('/f', { readFile }, snapshot));
    const lineCount = text.split('\n').length - 1;
    context.diagnostic(`${lineCount} lines, ${text.length} bytes, ms: ${JSON.stringify(took)}`);
    assert.equal(snapshot.blocks.length, 1 + text.split('\nvirtual_server ').length - 1);
    assert.ok(took.read! + took.parse! < 10_000);
  });
}

test('the generator is deterministic and keeps to 10.0.0.0/8', () => {
  const text = generateConfig({ services: 300, servers: 1001, checker: 'HTTP_GET' });
  assert.equal(generateConfig({ services: 300, servers: 1001, checker: 'HTTP_GET' }), text);
  assert.equal(text.match(/real_server 10\./g)?.length, 1001);
  assert.equal(new Set(text.match(/(?:real|virtual)_server \S+/g)).size, 1301);
});
