/**
 * Runs cases of the differential table tests inside the VM and prints one JSON line for each (`CaseResult`).
 *
 *     compare.js FILE...      files of fixtures/tables/ by their path, or of the corpus with `corpus:` before it
 *
 * LVSD_TABLES_TOGETHER (default 3) cases run at once: most of their time is waiting for checks.
 * Exit status 0 when every case ran to its end, whatever was found: judging is the host side's matter.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { shell } from '../lab/shell.js';
import { readAnnotated, type TableCase } from './annotated.js';
import { corpusCase, prepareForCorpus } from './corpus-case.js';
import { type CaseResult, runCase } from './run-case.js';

const CORPUS = 'corpus:';

function readCase(word: string): { readonly table: TableCase; readonly flags: readonly string[] } {
  const path = word.startsWith(CORPUS) ? word.slice(CORPUS.length) : word;
  const name = basename(path, word === path ? '.conf' : '');
  const text = readFileSync(path, 'utf8');
  // Corpus files may have VRRP blocks: -C leaves them alone in both daemons.
  return word === path
    ? { table: readAnnotated(name, text), flags: [] }
    : { table: corpusCase(name, text), flags: ['-C'] };
}

async function runOne(word: string, number: number): Promise<CaseResult> {
  const { table, flags } = readCase(word);
  try {
    return await runCase(table, number, flags);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name: table.name, about: table.about, outcome: 'cannot', steps: 0, rules: 0, seconds: 0, detail };
  }
}

const words = process.argv.slice(2);
const together = Number(process.env.LVSD_TABLES_TOGETHER ?? 3);
shell('modprobe ip_vs');
if (words.some((word) => word.startsWith(CORPUS))) prepareForCorpus();
let next = 0;
await Promise.all(
  Array.from({ length: together }, async () => {
    for (let number = next++; number < words.length; number = next++) {
      const result = await runOne(words[number] as string, number);
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  }),
);
