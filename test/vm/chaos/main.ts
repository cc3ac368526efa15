/**
 * The chaos cases, run inside the test VM as root: `main.js RUNG [PART OF A NAME]`.
 */
import { runCases, shell } from './cases.js';
import { crashCases } from './crash.js';

// The table's file is there from the first case on; lvsd itself needs no modprobe (errors.ts).
shell('modprobe ip_vs');
await runCases([...crashCases], process.argv[2] ?? 'core', process.argv[3]);
process.exit(0);
