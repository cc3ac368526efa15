/**
 * An interface's change counts when it has stayed for its delay, and a change back before is none.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DelayedInterfaces } from '../../../vrrp/interface-delays.js';
import { parseText } from '../parser/schema/parse-text.js';

const delaysOf = (line: string) => parseText(`interface_up_down_delays {\n${line}\n}\n`).config.vrrp.interfaceDelays;

test('the first state counts at once, a change after its own delay', () => {
  const delayed = new DelayedInterfaces();
  delayed.load(delaysOf('eth0 1 2.5'));
  assert.equal(delayed.state('eth0', true, 0), true);
  assert.equal(delayed.state('eth0', false, 100), true);
  assert.equal(delayed.deadline, 1100);
  assert.deepEqual(delayed.due(1099), []);
  assert.equal(delayed.state('eth0', false, 1050), true, 'told twice does not put it off');
  assert.deepEqual(delayed.due(1100), [{ name: 'eth0', works: false }]);
  assert.equal(delayed.state('eth0', true, 2000), false);
  assert.equal(delayed.deadline, 4500);
});

test('a change back within the delay was none', () => {
  const delayed = new DelayedInterfaces();
  delayed.load(delaysOf('eth0 1 1'));
  delayed.state('eth0', true, 0);
  delayed.state('eth0', false, 100);
  assert.equal(delayed.state('eth0', true, 200), true);
  assert.equal(delayed.deadline, Number.POSITIVE_INFINITY);
});

test('an interface without a delay counts at once; a delay that a reload takes away is over', () => {
  const delayed = new DelayedInterfaces();
  delayed.load(delaysOf('eth0 5 5'));
  delayed.state('eth0', true, 0);
  delayed.state('eth1', true, 0);
  assert.equal(delayed.state('eth1', false, 10), false);
  delayed.state('eth0', false, 10);
  delayed.load([]);
  assert.deepEqual(delayed.due(20), [{ name: 'eth0', works: false }]);
});
