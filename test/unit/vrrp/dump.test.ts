// keepalived.stats and keepalived.json: to the letter what keepalived 2.2.7 wrote of the same file in the same states.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { routerConfig } from '../../../vrrp/configure.js';
import { jsonValue, statisticsText } from '../../../vrrp/dump.js';
import { repoRoot } from '../../root.js';
import { parseText } from '../parser/schema/parse-text.js';
import { ip } from './packets.js';
import { HandRouter } from './routers.js';

const folder = join(repoRoot, 'fixtures/vrrp/dump');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const { vrrp } = parseText(read('keepalived.conf')).config;

/** Both instances MASTER, as many adverts sent as keepalived had. */
function asCaptured(): HandRouter {
  const hand = new HandRouter();
  hand.router.load(
    routerConfig(vrrp, {
      sourceOf: () => ip('10.50.0.1'),
      hmacKey: (written) => Buffer.from(written),
      held: false,
      logUnknownVrids: false,
    }),
  );
  hand.router.tracked('interface', 'lvs0', true, hand.at);
  hand.router.tracked('script', 's', true, hand.at);
  hand.start();
  hand.pass(4700);
  return hand;
}

test('keepalived.stats', () => {
  const hand = asCaptured();
  assert.equal(statisticsText(hand.router.instances()), read('keepalived.stats'));
});

test('keepalived.json, but for the password', () => {
  const hand = asCaptured();
  const ours = JSON.parse(JSON.stringify(jsonValue(hand.router.instances(), vrrp)));
  const theirs = JSON.parse(read('keepalived.json'));
  for (const [index, one] of ours.entries()) {
    assert.ok(one.data.last_transition > 1.7e9 && one.data.last_transition < 1.8e9);
    one.data.last_transition = theirs[index].data.last_transition;
  }
  assert.equal(theirs[0].data.auth_data, 'secret');
  delete theirs[0].data.auth_data;
  // keepalived had followed a link.
  theirs[1].data.track_script = theirs[1].data.track_script.map((line: string) => line.replace('/usr/bin', '/bin'));
  assert.equal(JSON.stringify(ours), JSON.stringify(theirs), 'names and their order too');
});
