/** `npm run bench -- parse`: parse-rows.ts says what is measured and how. */
import { parseRows } from './parse-rows.js';

try {
  await parseRows(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`lvsd bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
