/**
 * `include_check` of global_defs (keepalived.md 5.2): the reader of files acts on it while it reads (../include.ts);
 * here its words are looked at, with keepalived's complaints.
 */
import { complainAboutCheck } from '../include.js';
import { argument, type Keyword } from './keyword.js';

export const includeCheckWord: Keyword<unknown> = {
  name: 'include_check',
  arguments: [
    argument.optional(argument.repeated(argument.text('CHECK', '[+|-]read, match, wildcard_match, brace_match'))),
  ],
  default: 'none',
  doc: 'What include lines must find; without words everything is checked. The reader of files acts on it.',
  effect: {
    acts: true,
    bind: (_draft, statement, context) => {
      for (let k = 1; k < statement.words.length; k++) {
        const complaint = complainAboutCheck(context.text(statement, k), k - 1);
        if (complaint === undefined) continue;
        context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', complaint, statement, k, {
          expected: 'one word, or words with + or - before them: read, match, wildcard_match, brace_match',
          assumed: 'the word is ignored',
        });
      }
    },
  },
};
