/**
 * The checkers that keepalived knows and that lvsd cannot run yet (keepalived.md 15.4 to 15.10): their words are known
 * and their values are checked, their schedule and settings are kept, and each use is reported as deciding traffic.
 *
 * When one is built, it moves to a file of its own with a draft of its own.
 */
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { connectionWords, scheduleWords } from './checker-words.js';
import type { RealServerDraft, UnbuiltCheckDraft, UnbuiltCheckerKind } from './drafts.js';
import { unbuiltCheckDraft } from './empty-drafts.js';
import { booleanWord } from './forms.js';
import { type Argument, argument, type Block, block, type Keyword } from './keyword.js';

type Setting = Omit<Keyword<UnbuiltCheckDraft>, 'arguments' | 'effect'>;

/** The statement as it was written, its block too, one line a statement. */
function written(statement: Statement): string {
  if (statement.body === undefined) return statement.raw;
  return [`${statement.raw} {`, ...statement.body.map(written), '}'].join('\n');
}

function checkArguments(args: readonly Argument[], statement: Statement, context: BindContext): boolean {
  let good = true;
  for (let i = 0; i < args.length && i + 1 < statement.words.length; i++) {
    const type = args[i]?.type;
    const text = statement.words[i + 1]?.text ?? '';
    if (type?.kind === 'number') good = context.number(statement, i + 1, type.min, type.max) !== undefined && good;
    else if (type?.kind === 'choice' && !type.words.some((word) => word.toLowerCase() === text.toLowerCase())) {
      context.report(
        'assumed',
        'LVSD_CONFIG_BAD_CHOICE',
        `Unknown ${statement.words[0]?.text} ${text} - ignoring`,
        statement,
        i + 1,
        { expected: type.words.join(', '), assumed: 'the line is ignored, as if it were not written' },
      );
      good = false;
    }
  }
  return good;
}

/** A word of one type's own. `form` is what its first argument must look like, with what is said otherwise. */
function setting(
  kind: UnbuiltCheckerKind,
  texts: Setting,
  args: readonly Argument[],
  form?: { readonly pattern: RegExp; readonly message: string },
): Keyword<UnbuiltCheckDraft> {
  return {
    ...texts,
    arguments: args,
    effect: {
      acts: false,
      reportedBy: kind,
      bind: (check, statement, context) => {
        const text = statement.words[1]?.text;
        if (form !== undefined && text !== undefined && !form.pattern.test(text)) {
          context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', form.message, statement, 1, {
            assumed: 'the line is ignored, as if it were not written',
          });
          return;
        }
        if (!checkArguments(args, statement, context)) return;
        if (texts.name === 'track_file' || (kind === 'BFD_CHECK' && texts.name === 'name')) {
          if (kind === 'BFD_CHECK' && check.needs !== undefined) {
            const message = `BFD_CHECK - BFD ${text} already specified as ${check.needs}`;
            context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: check.needs });
            return;
          }
          check.needs = context.text(statement, 1);
        }
        if (kind === 'DNS_CHECK' && texts.name === 'name' && check.settings.some((each) => each.startsWith('name '))) {
          const message = 'DNS_CHECK name already specified - ignoring';
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 0, { assumed: 'the first name' });
          return;
        }
        check.settings.push(context.shared(written(statement)));
      },
    },
  };
}

/** Also with spaces between them, and with a digit left over, as keepalived takes them. */
const hex = /^[0-9a-fA-F ]+$/;
const hexWithGaps = /^[0-9a-fA-FxX ]+$/;

/** The deprecated block of further addresses: its words are read as those of the check itself, and not kept. */
const hostBlock = block<UnbuiltCheckDraft>('host', 'host', 'A further address of SMTP_CHECK.', [
  ...connectionWords<UnbuiltCheckDraft>(),
  ...scheduleWords<UnbuiltCheckDraft>(),
]);

const smtpCheckBlock = block<UnbuiltCheckDraft>('SMTP_CHECK', 'SMTP_CHECK', 'Speaks SMTP up to HELO.', [
  ...connectionWords<UnbuiltCheckDraft>(),
  ...scheduleWords<UnbuiltCheckDraft>(),
  setting(
    'SMTP_CHECK',
    {
      name: 'helo_name',
      default: 'smtpchecker.keepalived.org',
      whenMissing: 'SMTP_CHECK helo name missing',
      doc: 'Name that HELO gives.',
    },
    [argument.text('NAME')],
  ),
  {
    name: 'host',
    opens: 'host',
    arguments: [],
    doc: 'Further address to check; deprecated, write another SMTP_CHECK.',
    effect: {
      acts: false,
      reportedBy: 'SMTP_CHECK',
      bind: (check, statement, context) => {
        const host = unbuiltCheckDraft('SMTP_CHECK', context.position(statement));
        bindBody(hostBlock, host, statement.body ?? [], context);
        check.settings.push(context.shared(written(statement)));
      },
    },
  },
]);

const dnsCheckBlock = block<UnbuiltCheckDraft>('DNS_CHECK', 'DNS_CHECK', 'Sends one DNS query by UDP.', [
  ...connectionWords<UnbuiltCheckDraft>(),
  ...scheduleWords<UnbuiltCheckDraft>(),
  setting('DNS_CHECK', { name: 'type', default: 'SOA', doc: 'Type of the query, in letters of either case.' }, [
    argument.choice('TYPE', ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY']),
  ]),
  setting('DNS_CHECK', { name: 'name', default: 'the root', doc: 'Name of the query.' }, [argument.text('NAME')], {
    pattern: /^(\.|[^.]+(\.[^.]+)*\.?|)$/,
    message: 'DNS_CHECK name has empty label - ignoring',
  }),
]);

const udpCheckBlock = block<UnbuiltCheckDraft>('UDP_CHECK', 'UDP_CHECK', 'Sends a datagram, may want a reply.', [
  ...connectionWords<UnbuiltCheckDraft>(),
  ...scheduleWords<UnbuiltCheckDraft>(),
  setting(
    'UDP_CHECK',
    { name: 'payload', whenMissing: 'UDP_CHECK payload requires a payload', doc: 'The datagram.' },
    [argument.text('HEX')],
    { pattern: hex, message: 'Invalid hex string for UDP_CHECK payload' },
  ),
  setting(
    'UDP_CHECK',
    { name: 'require_reply', doc: 'The reply that must come; xx stands for any byte.' },
    [argument.optional(argument.text('HEX'))],
    { pattern: hexWithGaps, message: 'Invalid hex string for UDP_CHECK reply' },
  ),
  setting('UDP_CHECK', { name: 'min_reply_length', default: '0', doc: 'Shortest reply.' }, [
    argument.number('BYTES', 0, 65535, 'bytes'),
  ]),
  setting('UDP_CHECK', { name: 'max_reply_length', default: '255', doc: 'Longest reply.' }, [
    argument.number('BYTES', 0, 65535, 'bytes'),
  ]),
]);

const pingCheckBlock = block<UnbuiltCheckDraft>('PING_CHECK', 'PING_CHECK', 'Sends ICMP echo requests.', [
  ...connectionWords<UnbuiltCheckDraft>(),
  ...scheduleWords<UnbuiltCheckDraft>(),
]);

const fileCheckBlock = block<UnbuiltCheckDraft>('FILE_CHECK', 'FILE_CHECK', 'Takes the number in a file as weight.', [
  setting('FILE_CHECK', { name: 'track_file', doc: 'Name of the track_file block that says which file.' }, [
    argument.text('NAME'),
  ]),
  setting(
    'FILE_CHECK',
    {
      name: 'weight',
      default: "the track_file's",
      whenMissing: 'track file weight missing',
      doc: 'The number in the file is multiplied by this.',
    },
    [
      argument.number('WEIGHT', -2147483647, 2147483647),
      argument.optional(argument.choice('SENSE', ['reverse', 'noreverse'])),
    ],
  ),
]);

const oneName = 'BFD_CHECK - No or too many names specified - skipping checker';
const bfdCheckBlock = block<UnbuiltCheckDraft>('BFD_CHECK', 'BFD_CHECK', 'Follows the state of a BFD session.', [
  booleanWord<UnbuiltCheckDraft>(
    { name: 'alpha', default: "the real server's", doc: 'The check starts down and needs one success.' },
    (check, value) => {
      check.alpha = value;
    },
  ),
  setting('BFD_CHECK', { name: 'name', whenMissing: oneName, whenSurplus: oneName, doc: 'Name of the bfd_instance.' }, [
    argument.text('NAME'),
  ]),
]);

const blocks: ReadonlyMap<UnbuiltCheckerKind, Block<UnbuiltCheckDraft>> = new Map([
  ['SMTP_CHECK', smtpCheckBlock],
  ['DNS_CHECK', dnsCheckBlock],
  ['UDP_CHECK', udpCheckBlock],
  ['PING_CHECK', pingCheckBlock],
  ['FILE_CHECK', fileCheckBlock],
  ['BFD_CHECK', bfdCheckBlock],
]);

export const unbuiltCheckerBlocks: readonly Block<UnbuiltCheckDraft>[] = [...blocks.values(), hostBlock];

/** The checkers that a real_server block opens and that lvsd does not run yet. */
export function unbuiltCheckerWords(): Keyword<RealServerDraft>[] {
  return [...blocks].map(([kind, of]) => ({
    name: kind,
    opens: kind,
    arguments: [],
    doc: of.doc,
    effect: {
      acts: false,
      decides: 'traffic',
      cure: `lvsd cannot run ${kind} yet: use TCP_CHECK, HTTP_GET, SSL_GET or MISC_CHECK here, or start with --ignore-unbuilt; the server then counts as up for this check.`,
      bind: (server, statement, context) => {
        const check = unbuiltCheckDraft(kind, context.position(statement));
        bindBody(of, check, statement.body ?? [], context);
        server.checkers.push(check);
      },
    },
  }));
}
