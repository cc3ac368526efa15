// The long cases of test/vm/chaos in one boot: a hundred kills of starts and of reloads (LVSD_SEED chooses others),
// 65,000 services, ip_vs of another kernel.

import { declareCases } from '../vm/chaos/report.js';

await declareCases('long', 14, 6000);
