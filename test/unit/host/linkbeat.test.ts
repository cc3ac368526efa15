/** The polling of links, on a virtual clock with devices that are made up; and one question to this kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linkbeat } from '../../../host/linkbeat.js';
import { askLink, type LinkAnswer } from '../../../native/link-state.js';
import { milliseconds } from '../../../runtime/units.js';
import { VirtualClock } from '../../../runtime/virtual-clock.js';

const at = { file: 'k.conf', line: 1, column: 1 };

interface World {
  readonly clock: VirtualClock;
  readonly heard: string[];
  readonly told: string[];
  readonly asked: string[];
  readonly links: Record<string, Partial<Record<string, LinkAnswer>>>;
  readonly linkbeat: Linkbeat;
}

function world(links: World['links']): World {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const told: string[] = [];
  const asked: string[] = [];
  const linkbeat = new Linkbeat({
    clock,
    onState: (name, up) => heard.push(`${name} ${up ? 'up' : 'down'}`),
    tell: (text) => told.push(text),
    ask: (name, question) => {
      asked.push(`${name} ${question}`);
      return links[name] === undefined ? 'absent' : (links[name]?.[question] ?? 'unsupported');
    },
  });
  return { clock, heard, told, asked, links, linkbeat };
}

test('a device is asked in the first way that it answers, and only so from then on', () => {
  const { clock, heard, told, asked, linkbeat } = world({ eth0: { ETHTOOL: 'up', IOCTL: 'up' } });
  linkbeat.watch([{ name: 'eth0', method: undefined, at }]);
  assert.deepEqual(asked, ['eth0 MII', 'eth0 ETHTOOL']);
  clock.advance(milliseconds(2000));
  assert.deepEqual(asked.slice(2), ['eth0 ETHTOOL', 'eth0 ETHTOOL']);
  assert.deepEqual(heard, ['eth0 up']);
  assert.deepEqual(told, [], 'no way was named, so none is missed');
  assert.equal(linkbeat.isUp('eth0'), true);
  assert.equal(linkbeat.isUp('eth1'), undefined);
});

test('the way that the file names is told when the device does not answer it', () => {
  const { told, linkbeat, clock } = world({ eth0: { IOCTL: 'down' } });
  linkbeat.watch([{ name: 'eth0', method: 'ETHTOOL', at }]);
  clock.advance(milliseconds(3000));
  assert.deepEqual(told, ['(eth0): Configured linkbeat type ETHTOOL not supported, using IOCTL']);
});

test('changes are told once, a device that goes counts as down', () => {
  const { clock, heard, links, linkbeat } = world({ eth0: { MII: 'up' } });
  linkbeat.watch([{ name: 'eth0', method: undefined, at }]);
  links.eth0 = { MII: 'down' };
  clock.advance(milliseconds(1500));
  links.eth0 = { MII: 'up' };
  clock.advance(milliseconds(1000));
  delete links.eth0;
  clock.advance(milliseconds(3000));
  assert.deepEqual(heard, ['eth0 up', 'eth0 down', 'eth0 up', 'eth0 down']);
});

test('a reload keeps what is known of the same devices, and lets others go', () => {
  const { clock, heard, asked, linkbeat } = world({ eth0: { MII: 'up' }, eth1: { MII: 'up' } });
  linkbeat.watch([{ name: 'eth0', method: undefined, at }]);
  linkbeat.watch([
    { name: 'eth0', method: undefined, at: { ...at, line: 9 } },
    { name: 'eth1', method: 'MII', at },
  ]);
  assert.deepEqual(heard, ['eth0 up', 'eth1 up']);
  linkbeat.stop();
  asked.length = 0;
  clock.advance(milliseconds(5000));
  assert.deepEqual(asked, []);
});

test('this kernel answers for lo, and says that a device is absent', () => {
  assert.equal(askLink('no-such-device', 'IOCTL'), 'absent');
  assert.notEqual(askLink('lo', 'IOCTL'), 'absent');
  assert.notEqual(askLink('lo', 'IOCTL'), 'unsupported');
});
