// kill -9, SIGSTOP, bad files, second writers and missing things, in one boot of the VM: a test for each case of
// test/vm/chaos. What takes longer runs in test/long/chaos.test.ts.

import { declareCases } from './chaos/report.js';

await declareCases('core', 9, 600);
