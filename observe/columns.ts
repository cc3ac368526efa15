/**
 * Rows of cells as aligned text. The last column is not padded, so no line ends in blanks; notes stand under their row.
 */

/**
 * @param rows cells; rows may differ in length
 * @param notes whole lines to put under the row of that index
 * @returns the text, with a newline at its end
 */
export function columns(
  rows: readonly (readonly string[])[],
  notes: ReadonlyMap<number, readonly string[]> = new Map(),
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  const lines = rows.flatMap((row, at) => {
    const cells = row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)));
    return [cells.join('  ').trimEnd(), ...(notes.get(at) ?? [])];
  });
  return `${lines.join('\n')}\n`;
}
