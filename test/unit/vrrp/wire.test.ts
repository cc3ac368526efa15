// From the file to the wire: for each captured configuration, the adverts of our router are byte for byte those that
// keepalived 2.2.7 sent, in their order, from the first one to the goodbye.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type IpAddress, readAddress } from '../../../runtime/addresses.js';
import { routerConfig } from '../../../vrrp/configure.js';
import { repoRoot } from '../../root.js';
import { parseText } from '../parser/schema/parse-text.js';
import { hex, ip } from './packets.js';
import { HandRouter } from './routers.js';

const { cases } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/vrrp/keepalived-2.2.7.json'), 'utf8')) as {
  cases: readonly {
    readonly name: string;
    readonly configuration: string;
    readonly frames: readonly { readonly kind: string; readonly hex: string }[];
  }[];
};

interface Said {
  readonly destination: IpAddress;
  readonly bytes: string;
}

interface Heard extends Said {
  readonly priority: number;
}

/** What keepalived said: without the checksums that the kernel writes. */
function saidByKeepalived(frames: readonly { readonly kind: string; readonly hex: string }[]): readonly Heard[] {
  return frames
    .filter(({ kind }) => kind.startsWith('advert'))
    .map((frame) => {
      const priority = Number(frame.kind.split(' ')[1]);
      const bytes = Buffer.from(frame.hex, 'hex').subarray(14);
      if (bytes[0] === 0x45) {
        bytes.fill(0, 10, 12);
        return { priority, destination: readAddress('inet', bytes, 16), bytes: hex(bytes) };
      }
      const message = bytes.subarray(40);
      message.fill(0, 6, 8);
      return { priority, destination: readAddress('inet6', bytes, 24), bytes: hex(message) };
    });
}

const linkLocal = (frames: readonly { readonly hex: string }[]): IpAddress =>
  readAddress('inet6', Buffer.from(frames[0]?.hex ?? '', 'hex'), 22);

for (const { name, configuration, frames } of cases) {
  test(`the wire: ${name}`, () => {
    const { vrrp } = parseText(configuration).config;
    const hand = new HandRouter();
    const theirs = saidByKeepalived(frames);
    hand.router.load(
      routerConfig(vrrp, {
        sourceOf: (_device, family) => (family === 'inet' ? ip('10.50.0.1') : linkLocal(frames)),
        hmacKey: (written) => Buffer.from(written),
        held: false,
        logUnknownVrids: false,
      }),
    );
    hand.router.tracked('interface', 'lvs0', true, hand.at);
    hand.router.tracked('file', 'F', 0, hand.at);
    hand.start();
    const zero = theirs.findIndex(({ priority }) => priority === 0);
    assert.ok(zero > 0, 'no goodbye was captured');
    const ours: Said[] = [];
    const take = (): void => {
      for (const { destination, bytes } of hand.said()) ours.push({ destination, bytes: hex(bytes) });
      hand.effects.length = 0;
    };
    const normal = theirs.slice(0, zero).map(({ destination, bytes }): Said => ({ destination, bytes }));
    while (ours.length < normal.length) {
      hand.now = hand.router.deadline;
      hand.router.timer(hand.at);
      take();
    }
    assert.deepEqual(ours, normal);
    ours.length = 0;
    if (name.includes('fault')) hand.router.tracked('file', 'F', 1, hand.at);
    else hand.router.stop(hand.at);
    take();
    // How many adverts keepalived had sent in between is a matter of time.
    const withoutNumbers = ({ destination, bytes }: Said): Said => {
      if (!bytes.startsWith('45')) return { destination, bytes };
      const copy = Buffer.from(bytes, 'hex');
      copy.fill(0, 4, 6);
      if (copy[9] === 51) copy.fill(0, 28, 44);
      return { destination, bytes: hex(copy) };
    };
    assert.deepEqual(ours.map(withoutNumbers), theirs.slice(zero).map(withoutNumbers));
  });
}
