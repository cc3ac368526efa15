/**
 * Sync groups and track groups: their members, and what is left out of them (keepalived.md 10).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../../../parser/render-diagnostic.js';
import { complaints, parseText } from '../schema/parse-text.js';

const instance = (words: string, name = 'V'): string => `vrrp_instance ${name} {\n${words}\n}\n`;

test('sync groups: members that exist, in one group; weights only where they count', () => {
  const member = (name: string, vrid: number, more = ''): string =>
    instance(`interface eth0\nvirtual_router_id ${vrid}\n${more}\nvirtual_ipaddress {\n10.0.0.${vrid}\n}`, name);
  const trackers = 'vrrp_script s {\nscript /bin/x\nweight 5\n}\ntrack_file t {\nfile /t\n}\n';
  const { config, diagnostics } = parseText(
    [
      trackers,
      'vrrp_sync_group G {\ngroup {\nA B nobody\n}\ntrack_interface {\neth0\n}\n}',
      'vrrp_sync_group H {\ngroup {\nB\n}\n}',
      'vrrp_sync_group I {\ngroup {\nC\n}\n}',
      'vrrp_sync_group J {\n}',
      member('A', 1, 'track_script {\ns\n}\ntrack_file {\nt\n}\ntrack_interface {\neth1 weight 5\n}'),
      member('B', 2),
      member('C', 3),
    ].join('\n'),
  );
  assert.deepEqual(
    complaints(diagnostics).map((each) => each.replace(/^assumed /, '')),
    [
      'Sync group J has no members - removing',
      "Virtual router nobody specified in sync group G doesn't exist - ignoring",
      'Virtual router B cannot exist in more than one sync group; ignoring H',
      'Sync group H, no matching virtual router found in group declaration - removing',
      "Sync group I has only 1 virtual router(s) - this probably isn't what you want",
      '(A) ignoring eth1 tracked interface weight due to SYNC group',
      '(A) ignoring tracked script s with weights due to SYNC group',
      '(A) ignoring weight from tracked file t due to SYNC group. specify weight 0',
      '(A) track_interface eth0 is configured on VRRP instance and sync group. Remove vrrp instance or sync group config',
      '(B) track_interface eth0 is configured on VRRP instance and sync group. Remove vrrp instance or sync group config',
    ],
  );
  assert.deepEqual(
    [...config.vrrp.syncGroups].map(([name, group]) => [name, group.members]),
    [
      ['G', ['A', 'B']],
      ['I', ['C']],
    ],
  );
  assert.deepEqual(
    [...config.vrrp.instances.values()].map((each) => each.syncGroup),
    ['G', 'G', 'I'],
  );
  const a = config.vrrp.instances.get('A')?.tracking;
  assert.deepEqual([a?.interfaces[0]?.weight, a?.scripts, a?.files[0]?.weight], [0, [], 0]);
});

test('a track group without members is told and not counted, and nobody refers to it', () => {
  const address = 'static_ipaddress {\n10.0.0.2/24 dev eth0 track_group T\n}\n';
  for (const body of ['', 'group {\nnobody\n}\n']) {
    const { config, diagnostics } = parseText(`track_group T {\n${body}}\n${address}`);
    assert.equal(exitCodeOf(diagnostics), 0, body);
    assert.match(diagnostics.map((each) => each.message).join('\n'), /rack group T.* - removing$/m);
    assert.deepEqual([config.vrrp.trackGroups.size, config.vrrp.staticAddresses[0]?.trackGroup], [0, undefined]);
  }
});
