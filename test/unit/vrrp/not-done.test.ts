/**
 * What HostRouter does not do is said, and nothing else is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notDone } from '../../../vrrp/not-done.js';
import { parseText } from '../parser/schema/parse-text.js';

const of = (body: string): readonly string[] =>
  notDone(
    parseText(`vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n10.0.0.1\n}\n${body}\n}\n`)
      .config.vrrp,
  );

test('an ordinary instance leaves nothing to say', () => {
  assert.deepEqual(of('use_vmac\ntrack_interface {\neth1\n}\nauthentication {\nauth_type PASS\nauth_pass x\n}'), []);
});

for (const [word, says] of [
  ['garp_extra_if 5', 'garp_extra_if'],
  ['use_vmac netlink_notify_msg', 'netlink_notify_msg'],
] as const) {
  test(`${word} is told of`, () => {
    const told = of(word);
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0] as string, new RegExp(`^\\(V\\) .*${says}`));
  });
}
