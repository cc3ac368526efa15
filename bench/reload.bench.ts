/** `npm run bench -- reload`: side-by-side.ts says what is measured and how. */
import { sideBySide } from './side-by-side.js';

try {
  await sideBySide('reload', process.argv.slice(2));
} catch (error) {
  process.stderr.write(`lvsd bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
