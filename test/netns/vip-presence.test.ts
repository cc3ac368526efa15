/** ha_suspend's question against a real kernel: is the VIP on this host? */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { VipPresence } from '../../cmd/lvsd/roles/vip-presence.js';
import { enterNewNamespace } from '../../native/process.js';
import { parseText } from '../unit/parser/schema/parse-text.js';

function ip(words: string): void {
  const done = spawnSync('ip', words.split(' '));
  assert.equal(done.status, 0, `ip ${words}: ${done.stderr}`);
}

test('a VIP that comes and goes is seen, of an address and of any address of a group', async () => {
  enterNewNamespace('network');
  ip('link set lo up');
  const { config } = parseText(
    [
      'virtual_server_group G {\n10.9.0.1-4 80\n}\n',
      'virtual_server 10.9.0.1 80 {\nha_suspend\nreal_server 10.1.0.1 80 {\n}\n}\n',
      'virtual_server group G {\nha_suspend\nreal_server 10.1.0.1 80 {\n}\n}\n',
      'virtual_server 10.9.0.9 80 {\nreal_server 10.1.0.1 80 {\n}\n}\n',
    ].join(''),
  );
  let changed: () => void = () => {};
  const vips = new VipPresence(() => changed());
  const seen = (): readonly boolean[] => config.virtualServers.map((server) => vips.of(server, config.groups));
  const after = async (words: string): Promise<readonly boolean[]> => {
    const told = new Promise<void>((resolve) => {
      changed = resolve;
    });
    ip(words);
    await told;
    return seen();
  };
  try {
    assert.deepEqual(seen(), [false, false, true], 'without ha_suspend nobody asks');
    assert.deepEqual(await after('address add 10.9.0.3/32 dev lo'), [false, true, true]);
    assert.deepEqual(await after('address add 10.9.0.1/32 dev lo'), [true, true, true]);
    assert.deepEqual(await after('address del 10.9.0.3/32 dev lo'), [true, true, true]);
    assert.deepEqual(await after('address del 10.9.0.1/32 dev lo'), [false, false, true]);
  } finally {
    vips.close();
  }
});
