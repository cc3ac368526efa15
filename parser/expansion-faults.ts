/**
 * What is said when a definition cannot be worked in: words and classes only, the place is the caller's.
 */
import type { ExpansionFault } from './definitions.js';
import type { Diagnostic } from './diagnostic.js';
import { suggestWord } from './suggest.js';
import { EXPANSION_LIMITS } from './text-builder.js';

/** The parts of a diagnostic that not every one has. */
export type Told = Partial<Pick<Diagnostic, 'expected' | 'suggestion' | 'assumed' | 'span'>>;

/** @param names what is defined, for "did you mean" */
export function describeFault(
  fault: ExpansionFault,
  names: readonly string[],
): Pick<Diagnostic, 'class' | 'code' | 'message'> & Told {
  const { name } = fault;
  switch (fault.kind) {
    case 'self-referring':
      return {
        class: 'unusable',
        code: 'LVSD_CONFIG_SELF_REFERENCE',
        message: `The definition '${name}' leads to itself`,
        expected: 'a definition that ends in text',
      };
    case 'too long':
      return {
        class: 'unusable',
        code: 'LVSD_CONFIG_EXPANSION_TOO_LARGE',
        message:
          name === ''
            ? `A line of more than ${EXPANSION_LIMITS.lineCharacters} characters uses a definition`
            : `The line grows beyond ${EXPANSION_LIMITS.lineCharacters} characters`,
        ...(name === '' ? {} : { suggestion: `look at what '${name}' stands for` }),
      };
    case 'random bounds':
      return {
        class: 'assumed',
        code: 'LVSD_CONFIG_RANDOM_BOUNDS',
        message: `$\{${name}}: the maximum is smaller than the minimum`,
        expected: 'the smaller number first',
        assumed: 'the first number',
      };
    case 'undefined':
      return {
        class: 'assumed',
        code: 'LVSD_CONFIG_UNDEFINED',
        message: `Nothing is defined as '${name}'`,
        span: name.length + 3,
        suggestion: suggestWord(name, names),
        assumed: 'the words as written; the braces are braces of a block then',
      };
    case 'no environment variable':
      return {
        class: 'assumed',
        code: 'LVSD_CONFIG_NO_ENVIRONMENT',
        message: `The environment has no variable '${name}'`,
        suggestion: 'set it in the unit file (systemd: Environment=)',
        assumed: 'the words as written',
      };
  }
}
