/**
 * The programs that a script line starts: almost always one.
 *
 * keepalived 2 never gives a line to a shell: it is one program and its arguments, and `;` is a character like any
 * other. The FULLNAT forks (keepalived 1.2) handed the whole line to system(3), and their manuals teach
 * `quorum_up " ip addr add A/32 dev lo; ip addr add B/32 dev lo;"`, which keepalived 2 runs as one broken `ip`. lvsd's
 * rule keeps the first meaning wherever it makes sense and the second where the first cannot:
 *
 *   A word that is `;`, or a word without white space that ends in `;`, ends a command if the word after it names a
 *   program (has a slash, or is found on PATH). A `;` stuck to the very last word is dropped. The commands then run one
 *   after the other, each by execve without a shell, whatever the one before said; the status of the last one counts.
 *
 * So `find /x -exec touch {} ;` and `sh -c "a; b"` keep their `;`. Nothing else of a shell is understood: no pipes, no
 * redirection, no `&&`, no variables. Each program of a sequence is checked by script-security.ts.
 */

/**
 * Splits the words of a script line into commands.
 * @param argv at least one word
 * @param isProgram whether a word names something that could be run
 * @returns at least one command, each of at least one word
 */
export function splitCommands(
  argv: readonly string[],
  isProgram: (word: string) => boolean,
): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let current: string[] = [];
  argv.forEach((word, index) => {
    const next = argv[index + 1];
    const ends = word.endsWith(';') && !/\s/.test(word);
    const bare = word.replace(/;+$/, '');
    const last = next === undefined;
    if (ends && (last ? bare !== '' : isProgram(next)) && (bare !== '' || current.length > 0)) {
      if (bare !== '') current.push(bare);
      commands.push(current);
      current = [];
    } else {
      current.push(word);
    }
  });
  if (current.length > 0) commands.push(current);
  return commands;
}
