/**
 * JSON as the project's formatter lays it out, so that a generated file is clean as it is written: objects one key a
 * line, arrays of plain values on one line where they fit into 120 columns.
 */
const WIDTH = 120;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** @returns text that ends with a newline; keys with the value undefined are left out */
export function printJson(value: Json): string {
  return `${print(value, 0, 0)}\n`;
}

/** @param used columns that stand before the value on its line, without what follows it */
function print(value: Json, depth: number, used: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = '  '.repeat(depth + 1);
  const outer = '  '.repeat(depth);
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    if (list.length === 0) return '[]';
    const plain = list.every((each) => each === null || typeof each !== 'object');
    const flat = `[${list.map((each) => JSON.stringify(each)).join(', ')}]`;
    // One column is the comma's.
    if (plain && used + flat.length + 1 <= WIDTH) return flat;
    return `[\n${list.map((each) => inner + print(each, depth + 1, inner.length)).join(',\n')}\n${outer}]`;
  }
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, each]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return head + print(each, depth + 1, head.length);
  });
  return `{\n${lines.join(',\n')}\n${outer}}`;
}
