/**
 * Text as manual pages want it (groff_man(7)): what a person writes, with every character that means something to roff
 * written so that it means itself.
 */

/** A piece of running text, or of a request's argument. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
    .replace(/^\./gm, '\\&.');
}

/** Text in which `code` between grave accents is set in bold. */
export function marked(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? roff(part) : `\\fB${roff(part)}\\fR`))
    .join('');
}

export const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

/** A section's heading. */
export const section = (title: string): string => `.SH ${roff(title.toUpperCase())}`;
export const subsection = (title: string): string => `.SS ${roff(title)}`;

/** An entry of a list: its head on one line, then its text. */
export function entry(head: string, ...lines: readonly string[]): string {
  return ['.TP', head, ...lines].join('\n');
}

/** Lines that are shown as they are. */
export function example(text: string): string {
  return `.PP\n.nf\n.RS 4\n${text.split('\n').map(roff).join('\n')}\n.RE\n.fi`;
}
