/**
 * What the host adds to a file of virtual routers: interfaces and programs that are there or not; and scripts that lack
 * something, or that nobody tracks (keepalived.md 9, 13).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../../../parser/render-diagnostic.js';
import type { ScriptFinding, Surroundings } from '../../../../parser/validate-surroundings.js';
import { complaints, parseText } from '../schema/parse-text.js';

const VIP = 'virtual_ipaddress {\n10.0.0.9\n}';
const plain = (more: string): string => `vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\n${more}\n}\n`;

test('what a block lacks is told at its end, as keepalived has it', () => {
  const { diagnostics } = parseText('vrrp_script s {\ninterval 5\n\n}\ntrack_file t {\n}\n');
  assert.deepEqual(
    diagnostics
      .filter((each) => each.class === 'assumed')
      .map((each) => [each.message, each.at?.line, each.at?.column]),
    [
      ['No script set for vrrp_script s - removing', 4, 1],
      ['No file set for track_file t - ignoring', 6, 1],
    ],
  );
});

const host = (interfaces: readonly string[], outcome: ScriptFinding['outcome']): Surroundings => ({
  interfaceExists: (name) => interfaces.includes(name),
  lookAtScript: () => ({ outcome, messages: outcome === 'runs' ? [] : ['what is wrong with it'] }),
});

test('interfaces that do not exist: told with keepalived’s line each, and scripts are not looked at then', () => {
  const text = plain(`notify /bin/x\ntrack_interface {\neth9\n}\n${VIP}`);
  const missing = parseText(text, { surroundings: host(['eth0'], 'runs') }).diagnostics;
  assert.deepEqual(complaints(missing), [
    "assumed (V) tracked interface eth9 doesn't exist",
    'assumed Non-existent interface specified in configuration',
  ]);
  assert.equal(exitCodeOf(missing), 5);
  const dynamic = `global_defs {\ndynamic_interfaces\nenable_script_security\n}\n${text}`;
  assert.deepEqual(complaints(parseText(dynamic, { surroundings: host([], 'runs') }).diagnostics), []);
  const fixed = 'static_ipaddress {\n10.0.0.1\n}\nglobal_defs {\ndynamic_interfaces\n}\n';
  assert.deepEqual(complaints(parseText(fixed, { surroundings: host([], 'runs') }).diagnostics), [
    'assumed Static address 10.0.0.1 requires either an interface or default interface must exist',
    'assumed Non-existent interface specified in configuration',
  ]);
});

test('scripts: without script security they are 6; a tracked one that cannot run is an error, a notify script is not', () => {
  const notify = plain(`notify /bin/x\n${VIP}`);
  const at = (text: string, outcome: Parameters<typeof host>[1]): 0 | 2 | 4 | 5 | 6 =>
    exitCodeOf(parseText(text, { surroundings: host(['eth0'], outcome) }).diagnostics);
  assert.equal(at(notify, 'runs'), 6);
  assert.equal(at(`global_defs {\nenable_script_security\n}\n${notify}`, 'runs'), 0);
  assert.equal(at(notify, 'disabled'), 0);
  assert.equal(at(notify, 'not-executable'), 6, 'one that is there, and may not be run, counts');
  assert.equal(at(notify, 'user-unknown'), 5);
  const tracked = `vrrp_script s {\nscript /bin/x\n}\n${plain(`track_script {\ns\n}\n${VIP}`)}`;
  assert.equal(at(tracked, 'disabled'), 5);
  assert.equal(at('vrrp_script s {\nscript /bin/x\n}\n', 'runs'), 0, 'without an instance nobody looks');
});

test('a script that nobody tracks is told, where it stands', () => {
  const { diagnostics } = parseText(`vrrp_script s {\nscript /bin/x\n}\n${plain(VIP)}`);
  assert.deepEqual(
    diagnostics.map((each) => [each.class, each.message, each.at?.line]),
    [['note', 'Warning - script s is not used', 1]],
  );
  assert.deepEqual(parseText('vrrp_script s {\nscript /bin/x\n}\n').diagnostics, []);
});

test('a tracked script whose user is not there: counted where the program is not there either', () => {
  const text = `vrrp_script s {\nscript "/bin/x" nobody-here\n}\n${plain(`track_script {\ns\n}\n${VIP}`)}`;
  const exit = (program: 'runs' | 'disabled'): number => {
    const surroundings: Surroundings = {
      interfaceExists: () => true,
      lookAtScript: ({ user }) => ({ outcome: user === undefined ? program : 'user-unknown', messages: ['no user'] }),
    };
    return exitCodeOf(parseText(text, { surroundings }).diagnostics);
  };
  assert.deepEqual([exit('runs'), exit('disabled')], [0, 5]);
});

test('script without a program is passed over', () => {
  const { config, diagnostics } = parseText('vrrp_script s {\nscript /bin/x\nscript\n}\n');
  assert.equal(exitCodeOf(diagnostics), 0);
  assert.deepEqual(config.vrrp.scripts.get('s')?.script.argv, ['/bin/x']);
});
