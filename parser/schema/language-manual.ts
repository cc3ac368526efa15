/**
 * What the manual page says of the language itself (keepalived.md 5): lines, includes, conditions, definitions, loops.
 *
 * Text only; the words of the blocks are made from the schema (manual.ts). Between grave accents stands what is typed.
 */
import { bold, entry, example, marked, section, subsection } from './roff.js';

const paragraph = (text: string): string => `.PP\n${marked(text)}`;
const item = (head: string, text: string): string => entry(bold(head), marked(text));

/** The sections of the language, as roff. */
export function languageSections(): string {
  return [lines(), quotes(), includes(), conditions(), definitions(), loops()].join('\n');
}

function lines(): string {
  return [
    section('Lines and blocks'),
    paragraph(
      'Each line is a keyword and its values, with white space between them. A line may open a block with `{`, at its end or on a line of its own; `}` closes it. Text behind a brace counts as the next line, so `track_interface { eth0 }` is right. Keywords are case sensitive. A word that its block does not know is told and ignored, with its block if it opens one.',
    ),
    paragraph(
      'A `#` or `!` begins a comment that goes to the end of the line, also in the middle of a word, unless it stands in double quotes or behind a backslash. Lines may be of any length, end in LF or CRLF, and hold UTF-8. Non-breaking and zero-width spaces and a byte-order mark count as white space and are told; so are curly quotes, which are letters.',
    ),
  ].join('\n');
}

function quotes(): string {
  return [
    subsection('Quotes'),
    paragraph(
      'Double quotes keep white space and comment characters together in one word; a quote that is not closed on its line is told, and the rest of the line is left out. Where a keyword names a program, single quotes count too, and `\\a \\b \\E \\f \\n \\r \\t \\v \\nnn \\xXX \\cC` are escapes. The whole command stands in double quotes, an argument with white space in single quotes inside them; a user and a group may follow:',
    ),
    example('notify_up "/usr/local/bin/tell \'real server up\' 10.0.0.1" nobody nogroup'),
  ].join('\n');
}

function includes(): string {
  return [
    section('Includes'),
    paragraph(
      '`include` `NAME` reads other files at this place, in any block. The name may have wildcards `* ? [a-z]` and alternatives in braces; files are read in sorted order, alternatives in theirs. Quotes are part of the name. A relative name starts at the folder of the file that includes. Only regular files without any execute bit are read; one that is executable is skipped and told (`chmod a-x` is the cure). A file that is read already is not read again inside itself.',
    ),
    paragraph('What must hold, or the configuration is refused:'),
    item('include', 'Nothing: what is missing is told.'),
    item('includer', 'Every file that is found can be read.'),
    item('includem', 'As includer; a name without wildcards is there.'),
    item('includew', 'As includem; a name with wildcards matches something.'),
    item('includeb', 'As includer; every alternative in braces that has no wildcard is there.'),
    item('includea', 'All of these.'),
    paragraph(
      '`include_check` in `global_defs` asks for the same of every include behind it, and `-e` on the command line for everything of all.',
    ),
  ].join('\n');
}

function conditions(): string {
  return [
    section('Conditional lines'),
    paragraph(
      'A line that begins with `@ID` counts only where ID is the configuration id: what `-i` names, or the host name up to its first dot. `@^ID` counts everywhere else. A definition may stand for the condition:',
    ),
    example('$MASTER=@lvs-a\n$MASTER priority 200\n@^lvs-a priority 100'),
  ].join('\n');
}

function definitions(): string {
  return [
    section('Definitions'),
    paragraph(
      '`$NAME=VALUE` at the start of a line defines NAME, of letters, digits and underscores. `$NAME` stands for the value where white space, a comma, a closing bracket or the end of the line follows it; `${NAME}` everywhere. The value is looked at where it is used, so it may use definitions that come later or change. A name that nothing is defined for is text; `${NAME}` of nothing is told. A definition that leads to itself is an error.',
    ),
    paragraph(
      'A value goes on over the next line when its line ends in a backslash. A definition of several lines is used as the last thing of a line. What it needs is set before each use:',
    ),
    example(
      '$SERVER= \\\n    real_server $IP 80 { \\\n        weight $W \\\n    }\n$IP=10.0.1.1\n$W=1\n$SERVER\n$IP=10.0.1.2\n$SERVER',
    ),
    paragraph('These are always there:'),
    item('${_PWD}', 'The folder of the file that is being read.'),
    item('${_INSTANCE}', 'The configuration id.'),
    item('${_ENV NAME}', 'A variable of the environment.'),
    item(
      '${_RANDOM [MIN [MAX]]}',
      'A number, 0 to 32767 unless bounds are given. `random_seed` makes the numbers repeatable.',
    ),
    item('${_HASH}', 'The character `#`; outside double quotes it begins a comment there.'),
    item('${_BANG}', 'The character `!`, likewise.'),
  ].join('\n');
}

function loops(): string {
  return [
    section('Loops'),
    item(
      '~SEQ(VAR, [START, [STEP,]] END) REST',
      'The rest of the line, once for each number; it may be a definition of several lines. `~SEQx` writes the numbers in hexadecimal. Numbers may be written as 0x hexadecimal.',
    ),
    item('~LST(VAR, A, B, ...) REST', 'Once for each value.'),
    item('~LST({V1, V2}, {1, 2}, {3, 4}) REST', 'Sets several variables at each turn; a value that lacks is empty.'),
    paragraph('Loops on one line nest, the leftmost outermost. Only that line is repeated:'),
    example('$REAL=real_server 10.0.1.$I 80 { weight 1 }\nvirtual_server 192.0.2.1 80 {\n    ~SEQ(I, 1, 20) $REAL\n}'),
  ].join('\n');
}
