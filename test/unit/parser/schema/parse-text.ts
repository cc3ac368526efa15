/**
 * Parsing a text without files: what the tests of the schema share.
 */
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../../../../parser/diagnostic.js';
import { type ParseOptions, type ParseResult, parseSnapshot } from '../../../../parser/parse.js';
import { readSnapshot, type Snapshot } from '../../../../parser/snapshot.js';

export const configId = 'lb1';

export function snapshotOf(text: string, name = 'test.conf'): Snapshot {
  return readSnapshot(name, { configId, randomSeed: 1, readFile: () => Buffer.from(text) });
}

export function parseText(text: string, options: ParseOptions = {}, previous?: ParseResult): ParseResult {
  return parseSnapshot(snapshotOf(text), previous, options);
}

export function snapshotOfFile(path: string): Snapshot {
  return readSnapshot(path, { configId, randomSeed: 1 });
}

/** `class message` of each diagnostic that is more than a note. */
export function complaints(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.filter((each) => each.class !== 'note').map((each) => `${each.class} ${each.message}`);
}

/** A value without its positions, comparable and printable: maps become lists, undefined becomes null. */
export function withoutPositions(value: unknown): unknown {
  const text = JSON.stringify(value, (key, each: unknown) => {
    if (key === 'at') return undefined;
    if (each instanceof Map) return [...each.values()];
    return each === undefined ? null : each;
  });
  return JSON.parse(text);
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
