/**
 * The chaos cases, run inside the test VM as root: `main.js RUNG [PATTERN OF NAMES [TIMES]]`, where
 * names begin with their group.
 */
import { type Case, runCases, shell } from './cases.js';
import { crashCases } from './crash.js';
import { errorCases } from './errors.js';
import { journalCases } from './journal.js';
import { reloadCases } from './reload.js';
import { scaleCases } from './scale.js';
import { surroundingsCases } from './surroundings.js';

const groups: Readonly<Record<string, readonly Case[]>> = {
  crash: crashCases,
  journal: journalCases,
  reload: reloadCases,
  surroundings: surroundingsCases,
  scale: scaleCases,
  errors: errorCases,
};

// The table's file is there from the first case on; lvsd itself needs no modprobe.
shell('modprobe ip_vs');
const all = Object.entries(groups).flatMap(([group, cases]) =>
  cases.map((one) => ({ ...one, name: `${group}: ${one.name}` })),
);
await runCases(all, process.argv[2] ?? 'core', process.argv[3], Number(process.argv[4] ?? 1));
process.exit(0);
