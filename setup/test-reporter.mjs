// The reporter of setup/test.mjs: one line a test file, each failure in full, each skip with its reason, and the counts.
//
// node:test reports each test as it ends; a suite is not counted, its tests are. The counts go, as one JSON line, to the
// file that LVSD_TEST_COUNTS names, because a reporter has no other way to answer.

import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const files = new Map();
  const path = (file) => (file === undefined ? 'unknown file' : relative(process.cwd(), file));
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') {
      // A suite whose own hook fails has no failing test to show for it.
      const cause = data.details.error?.failureType;
      if (type === 'test:pass' || cause === 'subtestsFailed') continue;
    }
    const file = files.get(data.file) ?? { count: 0, ms: 0 };
    files.set(data.file, file);
    file.count += 1;
    file.ms += data.nesting === 0 ? (data.details?.duration_ms ?? 0) : 0;
    if (data.skip !== undefined || data.todo !== undefined) {
      counts.skipped += 1;
      const reason = [data.skip, data.todo].find((each) => typeof each === 'string' && each !== '');
      yield `skipped: ${data.name} (${path(data.file)}): ${reason ?? 'NO REASON GIVEN'}\n`;
    } else if (type === 'test:pass') counts.passed += 1;
    else if (data.details?.error?.failureType !== 'subtestsFailed') {
      counts.failed += 1;
      yield `FAILED: ${data.name} (${path(data.file)}${data.line === undefined ? '' : `:${data.line}`})\n${indented(data.details?.error)}\n`;
    }
  }
  for (const [file, { count, ms }] of files) yield `  ${path(file)}: ${count} in ${(ms / 1000).toFixed(1)} s\n`;
  const answer = process.env.LVSD_TEST_COUNTS;
  if (answer !== undefined) appendFileSync(answer, `${JSON.stringify(counts)}\n`);
}

/** An error as a person wants it: node:test wraps what was thrown as the cause. */
function indented(error) {
  const thrown = error?.cause ?? error;
  const text = thrown?.stack ?? String(thrown);
  const shown =
    thrown?.code === 'ERR_ASSERTION' && thrown.message && !text.includes(thrown.message)
      ? `${thrown.message}\n${text}`
      : text;
  return shown.replace(/^/gm, '    ');
}
