// Gratuitous ARP and unsolicited neighbour advertisements: byte for byte what keepalived 2.2.7 sent.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAddress } from '../../../runtime/addresses.js';
import { announceFrame } from '../../../vrrp/announce-frame.js';
import { repoRoot } from '../../root.js';
import { hex, ip } from './packets.js';

const { cases } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/vrrp/keepalived-2.2.7.json'), 'utf8')) as {
  cases: readonly {
    readonly name: string;
    readonly frames: readonly { readonly kind: string; readonly hex: string }[];
  }[];
};

test('each captured announcement is ours', () => {
  const compared = { arp: 0, na: 0 };
  for (const { name, frames } of cases) {
    for (const { kind, hex: text } of frames) {
      if (kind !== 'arp' && kind !== 'na') continue;
      const frame = Buffer.from(text, 'hex');
      const address = kind === 'arp' ? readAddress('inet', frame, 38) : readAddress('inet6', frame, 62);
      assert.equal(hex(announceFrame(address, frame.subarray(6, 12))), text, `${name}: ${address}`);
      compared[kind]++;
    }
  }
  assert.ok(compared.arp > 30 && compared.na > 3, JSON.stringify(compared));
});

test('a router says so', () => {
  const frame = announceFrame(ip('fe80::1'), Buffer.from('020000005001', 'hex'), true);
  assert.equal(frame[58], 0xa0);
});
