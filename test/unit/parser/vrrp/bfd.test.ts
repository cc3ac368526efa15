/**
 * BFD sessions as the file has them: defaults, ranges, and what cannot run (keepalived.md 20).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, parseText, withoutPositions } from '../schema/parse-text.js';

test('bfd_instance: defaults, ranges, and what cannot run', () => {
  const bfd = (words: string): ReturnType<typeof parseText> => parseText(`bfd_instance b {\n${words}\n}\n`);
  const { config } = bfd('neighbour_ip 10.1.1.1');
  assert.deepEqual(withoutPositions([...config.bfd.values()]), [
    {
      name: 'b',
      neighbor: '10.1.1.1',
      source: null,
      minRx: 10,
      minTx: 10,
      idleTx: 1000,
      multiplier: 5,
      passive: false,
      ttl: 255,
      maxHops: 0,
      multihop: false,
      weight: 0,
      reverse: false,
      forVrrp: true,
      forChecker: true,
    },
  ]);
  assert.equal(bfd('neighbor_ip 10.1.1.1\nmultihop').config.bfd.get('b')?.ttl, 64);
  const facts: readonly (readonly [words: string, exists: boolean, said: string])[] = [
    [
      'min_rx 0.5\nneighbor_ip 10.1.1.1',
      true,
      'Configuration error: BFD instance b min_rx value 0.5 is not valid (must be in range [1-4294967]), ignoring',
    ],
    ['', false, 'Configuration error: BFD instance b has no neighbor address set, disabling instance'],
    ['neighbor_ip x', false, 'Configuration error: BFD instance b has malformed neighbor address x, ignoring instance'],
    [
      'neighbor_ip 10.1.1.1\nsource_ip fe80::1',
      false,
      'Configuration error: BFD instance b source address fe80::1 and neighbor address 10.1.1.1 are not of the same family, disabling instance',
    ],
    [
      'neighbor_ip 10.1.1.1\nttl 5\nmax_hops 9',
      true,
      'BFD instance b: max_hops exceeds ttl/hoplimit - setting to ttl/hoplimit',
    ],
  ];
  for (const [words, exists, said] of facts) {
    const result = bfd(words);
    assert.deepEqual(complaints(result.diagnostics), [`assumed ${said}`], words);
    assert.equal(result.config.bfd.has('b'), exists, words);
  }
});
