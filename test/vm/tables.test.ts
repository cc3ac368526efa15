// The table that lvsd makes equals the one that Debian's keepalived 2.2.7 makes from the same file, at start and after
// each of a series of reloads. Eight configurations of fixtures/tables/, one boot; test/long/tables.test.ts runs all.

import test from 'node:test';
import { compareTables, fixtureFiles } from './tables/host-side.js';

const DAILY = [
  'servers-and-weights',
  'groups-and-ranges',
  'marks-and-any-port',
  'tunnels',
  'schedulers-and-flags',
  'persistence',
  'sorry-and-quorum',
  'thresholds-and-global',
];

test('the same tables as keepalived', async (context) => {
  const files = fixtureFiles().filter((path) => DAILY.some((name) => path.endsWith(`/${name}.conf`)));
  await compareTables(context, files, { timeoutSeconds: 600, least: DAILY.length, together: 4 });
});
