/**
 * The blocks of the checkers that lvsd runs: TCP_CHECK, HTTP_GET, SSL_GET, MISC_CHECK (keepalived.md 15.2, 15.3, 15.8).
 *
 * A pattern of HTTP_GET is kept as written; whether it can be honoured is asked of a hook when the server is validated.
 */
import type { StatusRange } from '../../config/checker.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import { readScript, readScriptUser, splitQuoted } from '../bind-script.js';
import type { Statement } from '../statement.js';
import { connectionWords, scheduleWords } from './checker-words.js';
import type { HttpDraft, MiscDraft, RealServerDraft, TcpDraft, UrlDraft } from './drafts.js';
import { httpDraft, miscDraft, tcpDraft, urlDraft } from './empty-drafts.js';
import { booleanWord, flagWord, keyword, numberWord, secondsWord, textWord } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import { DIGEST_LENGTH, MAX_UNSIGNED } from './limits.js';

export const tcpCheckBlock = block<TcpDraft>(
  'TCP_CHECK',
  'TCP_CHECK',
  'Opens a TCP connection; up when it is established in time.',
  [...connectionWords<TcpDraft>(), ...scheduleWords<TcpDraft>()],
);

/** PCRE2 options in keepalived's spelling. */
export const regexOptions: ReadonlySet<string> = new Set([
  'allow_empty_class',
  'alt_bsux',
  'alt_circumflex',
  'alt_verbnames',
  'anchored',
  'auto_callout',
  'caseless',
  'dollar_endonly',
  'dotall',
  'dupnames',
  'endanchored',
  'extended',
  'extended_more',
  'firstline',
  'literal',
  'match_invalid_utf',
  'match_unset_backref',
  'multiline',
  'never_backslash_c',
  'never_ucp',
  'never_utf',
  'no_auto_capture',
  'no_auto_possess',
  'no_dotstar_anchor',
  'no_start_optimize',
  'ucp',
  'ungreedy',
  'use_offset_limit',
  'utf',
]);

function readDigest(url: UrlDraft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const wrong = /[^0-9a-fA-F]/.exec(text);
  let problem: string | undefined;
  if (text.length !== DIGEST_LENGTH) {
    problem = `digest '${text}' character length should be ${DIGEST_LENGTH} rather than ${text.length}`;
  } else if (wrong !== null) {
    const pair = wrong.index - (wrong.index % 2);
    problem = `Unable to interpret hex digit in '${text}' at offset ${pair}/${pair + 1}`;
  }
  if (problem === undefined && url.digest !== undefined) problem = `Digest '${text}' is a duplicate`;
  if (problem === undefined) url.digest = context.shared(text.toLowerCase());
  else {
    context.report('assumed', 'LVSD_CONFIG_BAD_DIGEST', problem, statement, 1, {
      expected: 'the MD5 of the body, 32 hexadecimal digits, as genhash prints it',
      assumed: 'the body is not compared',
    });
  }
}

function readStatusCodes(url: UrlDraft, statement: Statement, context: BindContext): void {
  for (let i = 1; i < statement.words.length; i++) {
    const text = statement.words[i]?.text ?? '';
    const match = /^(\d+)(?:-(\d+))?$/.exec(text);
    const first = Number(match?.[1]);
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (match !== null && first >= 100 && last <= 599 && first <= last) {
      url.statusCodes.push({ first, last } satisfies StatusRange);
      continue;
    }
    context.report('assumed', 'LVSD_CONFIG_BAD_STATUS_CODE', `Invalid HTTP_GET status code '${text}'`, statement, i, {
      expected: 'codes or ranges from 100 to 599, for example 200-299 304',
      assumed: 'this code is left out',
    });
  }
}

function readRegex(url: UrlDraft, statement: Statement, context: BindContext): void {
  const fields = splitQuoted(statement, context);
  const pattern = fields?.[1];
  if (fields === undefined || fields.length !== 2 || pattern === undefined) {
    context.report('assumed', 'LVSD_CONFIG_BAD_REGEX', 'regex missing or too many fields', statement, 1, {
      expected: 'one pattern, in quotes where it has spaces',
      assumed: 'the body is not matched',
    });
    return;
  }
  url.pattern = context.shared(pattern);
  url.patternAt = context.position(statement, 1);
}

function readRegexOptions(url: UrlDraft, statement: Statement, context: BindContext): void {
  for (let i = 1; i < statement.words.length; i++) {
    const option = context.text(statement, i);
    if (regexOptions.has(option)) url.regexOptions.push(option);
    else {
      context.report('assumed', 'LVSD_CONFIG_BAD_REGEX', `Unknown regex option '${option}'`, statement, i, {
        expected: [...regexOptions].join(', '),
        assumed: 'the option is left out',
      });
    }
  }
}

export const urlBlock = block<UrlDraft>('url', 'url', 'One page to fetch and what it must answer.', [
  textWord<UrlDraft>({ name: 'path', doc: 'Path and query of the request; required.' }, 'PATH', (url, value) => {
    url.path = value;
  }),
  keyword<UrlDraft>(
    { name: 'digest', doc: 'MD5 that the body must have, as genhash prints it.' },
    [argument.text('MD5', '32 hexadecimal digits')],
    readDigest,
  ),
  keyword<UrlDraft>(
    { name: 'status_code', default: '200-299', doc: 'HTTP status codes that mean success.' },
    [argument.optional(argument.repeated(argument.text('CODE[-CODE]', '100 to 599')))],
    readStatusCodes,
  ),
  textWord<UrlDraft>(
    {
      name: 'virtualhost',
      default: "the checker's",
      whenMissing: 'Missing HTTP_GET virtualhost name',
      doc: 'Host header of this request.',
    },
    'HOST',
    (url, value) => {
      url.virtualhost = value;
    },
  ),
  keyword<UrlDraft>(
    {
      name: 'regex',
      whenMissing: 'regex missing or too many fields',
      doc: 'PCRE2 pattern that the body must match.',
    },
    [argument.text('PATTERN', 'a PCRE2 pattern')],
    readRegex,
  ),
  flagWord<UrlDraft>({ name: 'regex_no_match', doc: 'Success is that the pattern does not match.' }, (url) => {
    url.negate = true;
  }),
  keyword<UrlDraft>(
    { name: 'regex_options', doc: 'PCRE2 options, lower case without the PCRE2_ prefix.' },
    [argument.optional(argument.repeated(argument.choice('OPTION', [...regexOptions])))],
    readRegexOptions,
  ),
  numberWord<UrlDraft>(
    { name: 'regex_min_offset', default: '0', doc: 'The match may not begin before this byte of the body.' },
    argument.number('BYTES', 0, MAX_UNSIGNED, 'bytes'),
    (url, value) => {
      url.minOffset = value;
    },
  ),
  numberWord<UrlDraft>(
    { name: 'regex_max_offset', doc: 'The match may not begin after this byte of the body.' },
    argument.number('BYTES', 0, MAX_UNSIGNED, 'bytes'),
    (url, value) => {
      url.maxOffset = value;
    },
  ),
  keyword<UrlDraft>(
    {
      name: 'regex_stack',
      whenMissing: 'regex_stack requires start and max values',
      doc: "Size of PCRE2's stack; checked, and without effect: lvsd's matcher has none.",
    },
    [argument.number('START', 0, MAX_UNSIGNED, 'bytes'), argument.number('MAX', 0, MAX_UNSIGNED, 'bytes')],
    (url, statement, context) => {
      const start = context.number(statement, 1, 0, MAX_UNSIGNED);
      const max = context.number(statement, 2, 0, MAX_UNSIGNED);
      if (start === undefined || max === undefined) return;
      if (start <= max) url.stack = { start, max };
      else {
        context.report('assumed', 'LVSD_CONFIG_BAD_REGEX', 'regex stack start cannot exceed max value', statement, 1, {
          assumed: 'the line is ignored, as if it were not written',
        });
      }
    },
  ),
  booleanWord<UrlDraft>(
    {
      name: 'tls_compliant',
      default: "the checker's",
      since: 'after 2.2.7',
      doc: 'A TLS server that closes without close_notify has failed.',
    },
    (url, value) => {
      url.tlsCompliant = value;
    },
  ),
]);

function httpWords(): Keyword<HttpDraft>[] {
  return [
    ...connectionWords<HttpDraft>(),
    ...scheduleWords<HttpDraft>().map((each) =>
      each.name === 'retry'
        ? {
            ...each,
            aliases: [
              { name: 'nb_get_retry', deprecated: "nb_get_retry is deprecated - please use 'retry'", counts: true },
            ],
          }
        : each,
    ),
    keyword<HttpDraft>(
      { name: 'url', opens: 'url', doc: 'One page to fetch; at least one, all must answer as described.' },
      [],
      (check, statement, context) => {
        const url = urlDraft(context.position(statement));
        bindBody(urlBlock, url, statement.body ?? [], context);
        check.urls.push(url);
      },
    ),
    textWord<HttpDraft>(
      {
        name: 'virtualhost',
        default: "the real server's",
        whenMissing: 'HTTP_GET virtualhost name missing',
        doc: 'Host header of the requests, and the SNI name unless sni_name is given.',
      },
      'HOST',
      (check, value) => {
        check.virtualhost = value;
      },
    ),
    keyword<HttpDraft>(
      {
        name: 'http_protocol',
        default: '1.0',
        whenMissing: 'Missing http_protocol version',
        doc: 'HTTP version of the request; 1.0C adds Connection: close.',
      },
      [argument.choice('VERSION', ['1.0', '1.0C', '1.1'])],
      (check, statement, context) => {
        const text = statement.words[1]?.text ?? '';
        if (text === '1.0' || text === '1.1' || text === '1.0C') check.httpProtocol = text;
        else if (text === '1.0c') check.httpProtocol = '1.0C';
        else {
          context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', `Invalid http_protocol version ${text}`, statement, 1, {
            expected: '1.0, 1.0C or 1.1',
            assumed: check.httpProtocol,
          });
        }
      },
    ),
    booleanWord<HttpDraft>(
      { name: 'enable_sni', doc: 'Sends the server name in the TLS handshake.' },
      (check, value) => {
        check.enableSni = value;
      },
    ),
    textWord<HttpDraft>(
      { name: 'sni_name', default: 'virtualhost', since: 'after 2.2.7', doc: 'Server name of the TLS handshake.' },
      'NAME',
      (check, value) => {
        check.sniName = value;
      },
    ),
    booleanWord<HttpDraft>(
      { name: 'fast_recovery', doc: 'A server that recovers is checked through all its urls without delay.' },
      (check, value) => {
        check.fastRecovery = value;
      },
    ),
    booleanWord<HttpDraft>(
      {
        name: 'tls_compliant',
        since: 'after 2.2.7',
        doc: 'A TLS server that closes without close_notify has failed, for every url.',
      },
      (check, value) => {
        check.tlsCompliant = value;
      },
    ),
  ];
}

export const httpGetBlock = block<HttpDraft>(
  'HTTP_GET',
  'HTTP_GET',
  'Fetches pages by HTTP and compares status, digest and pattern.',
  httpWords(),
);
export const sslGetBlock = block<HttpDraft>(
  'SSL_GET',
  'SSL_GET',
  'Fetches pages by HTTPS and compares status, digest and pattern.',
  httpWords(),
);

export const miscCheckBlock = block<MiscDraft>('MISC_CHECK', 'MISC_CHECK', 'Runs a program; up when it exits with 0.', [
  keyword<MiscDraft>(
    {
      name: 'misc_path',
      whenMissing: 'misc_path names no program',
      doc: 'The program and its arguments, in quotes.',
    },
    [argument.script],
    (check, statement, context) => {
      const script = readScript(statement, context);
      if (script !== undefined) check.script = script;
    },
  ),
  secondsWord<MiscDraft>(
    {
      name: 'misc_timeout',
      default: "the virtual server's delay_loop",
      doc: "The program is ended after this time; 0 is the default too, and fractions are lvsd's own.",
    },
    argument.seconds('SECS', 0, 4294),
    (check, value) => {
      check.timeout = value;
    },
  ),
  flagWord<MiscDraft>({ name: 'misc_dynamic', doc: 'Exit codes 2 to 255 set the weight to code - 2.' }, (check) => {
    check.dynamic = true;
  }),
  keyword<MiscDraft>(
    {
      name: 'user',
      default: 'script_user',
      whenMissing: 'No user specified for misc checker script',
      doc: 'User and group that the program runs as.',
    },
    [argument.text('USER'), argument.optional(argument.text('GROUP'))],
    (check, statement, context) => {
      check.user = readScriptUser(statement, 1, context);
    },
  ),
  ...scheduleWords<MiscDraft>(),
]);

/** The checkers that a real_server block opens and that lvsd runs. */
export function builtCheckerWords(): Keyword<RealServerDraft>[] {
  return [
    keyword<RealServerDraft>(
      { name: 'TCP_CHECK', opens: 'TCP_CHECK', doc: 'Check by opening a TCP connection.' },
      [],
      (server, statement, context) => {
        const check = tcpDraft(context.position(statement));
        bindBody(tcpCheckBlock, check, statement.body ?? [], context);
        server.checkers.push(check);
      },
    ),
    ...(['HTTP_GET', 'SSL_GET'] as const).map((kind) =>
      keyword<RealServerDraft>(
        { name: kind, opens: kind, doc: `Check by ${kind === 'HTTP_GET' ? 'HTTP' : 'HTTPS'} requests.` },
        [],
        (server, statement, context) => {
          const check = httpDraft(kind, context.position(statement));
          bindBody(kind === 'HTTP_GET' ? httpGetBlock : sslGetBlock, check, statement.body ?? [], context);
          server.checkers.push(check);
        },
      ),
    ),
    keyword<RealServerDraft>(
      { name: 'MISC_CHECK', opens: 'MISC_CHECK', doc: 'Check by a program.' },
      [],
      (server, statement, context) => {
        const check = miscDraft(context.position(statement));
        bindBody(miscCheckBlock, check, statement.body ?? [], context);
        server.checkers.push(check);
      },
    ),
  ];
}
