/**
 * argv to a typed CommandLine, with keepalived's rules (keepalived.md 2, checked against Debian's 2.2.7).
 *
 * The rules are getopt_long's: bundled short options (`-lnD`), an argument attached or in the next word (`-fFILE`,
 * `-f FILE`), optional arguments only attached (`-t/tmp/log`, `-t=/tmp/log`, `--config-test=/tmp/log`), long names
 * shortened as long as they are unambiguous, operands anywhere, `--` as their beginning. yargs has none of the middle
 * three, so this is by hand. As keepalived does, an unknown option ends with 1 after all of them were named, a wrong
 * facility or umask and a stray operand are told and passed over, and -v, -h and --signum end at once.
 *
 * Pure: reads nothing but its arguments, prints nothing, ends nothing.
 */
import { parseFacility, type SyslogFacility } from '../../observe/syslog.js';
import { helpText, type Option, type OptionName, options } from './options.js';
import { keepalivedVersion } from './version.js';

/** What lvsd was started to do and how. */
export interface CommandLine {
  readonly configFile: string;
  /** Undefined: run. Otherwise only check the configuration, messages to stderr or to this file. */
  readonly configTest: { readonly logFile: string | undefined } | undefined;
  /** Which halves run: -P, -C and -B each take one away. */
  readonly subsystems: { readonly checker: boolean; readonly vrrp: boolean; readonly bfd: boolean };
  /** --all: start every role, needed or not. */
  readonly allRoles: boolean;
  readonly logConsole: boolean;
  readonly logDetail: 0 | 1 | 2;
  readonly facility: SyslogFacility;
  /** Undefined: no log file. */
  readonly logFile: string | undefined;
  readonly syslog: boolean;
  /** 0..0777; wins over the configuration's. */
  readonly umask: number | undefined;
  readonly keepIpvsAtStop: boolean;
  readonly respawn: boolean;
  readonly foreground: boolean;
  readonly dumpConfig: boolean;
  readonly pidFiles: PidFileOptions;
  readonly namespace: string | undefined;
  /** -e: a missing include is an error. */
  readonly strictIncludes: boolean;
  /** Undefined: the host name up to its first point. */
  readonly configId: string | undefined;
  readonly ignoreSigint: boolean;
  readonly ignoreUnbuilt: boolean;
  /** With -t. */
  readonly json: boolean;
  readonly printConfig: boolean;
  /** Set when this process is a role that the supervisor started. */
  readonly role: string | undefined;
  /** Every option that was given, in order: for `unbuiltOptions`. */
  readonly given: readonly OptionName[];
  /** To be told at start; none of them stops it. */
  readonly warnings: readonly string[];
}

export interface PidFileOptions {
  readonly parent: string | undefined;
  readonly checkers: string | undefined;
  readonly vrrp: string | undefined;
  readonly bfd: string | undefined;
}

/** Either a start, or a text to print and an exit code. */
export type CommandLineOutcome =
  | { readonly kind: 'start'; readonly commandLine: CommandLine }
  | {
      readonly kind: 'end';
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
      readonly exitCode: 0 | 1;
    };

/** keepalived's default for -f. */
export const defaultConfigFile = '/etc/keepalived/keepalived.conf';
/** keepalived's default for -g without a name. */
const defaultLogFile = '/tmp/keepalived.log';

/** What --signum prints (glibc's numbers; keepalived.md 2). */
const signalNumbers: ReadonlyMap<string, number> = new Map([
  ['STOP', 15],
  ['RELOAD', 1],
  ['DATA', 10],
  ['STATS', 12],
  ['STATS_CLEAR', 63],
  ['JSON', 36],
]);

interface Given {
  readonly name: OptionName;
  readonly value: string | undefined;
}

interface Scan {
  readonly given: readonly Given[];
  readonly errors: readonly string[];
  readonly operands: readonly string[];
}

const byShort: ReadonlyMap<string, Option & { readonly long: OptionName }> = new Map(
  options.flatMap((option) => ('short' in option ? [[option.short, option] as const] : [])),
);

/** The option of a long name, whole or shortened: the exact one, or the only one that begins so. */
function findLong(name: string): (Option & { readonly long: OptionName }) | undefined {
  const exact = options.find((option) => option.long === name);
  if (exact !== undefined) return exact;
  const candidates = options.filter((option) => option.long.startsWith(name));
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** getopt_long(3)'s part: words to options, without their meaning. */
function scan(words: readonly string[]): Scan {
  const given: Given[] = [];
  const errors: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const option = findLong(equals < 0 ? word.slice(2) : word.slice(2, equals));
      let value = equals < 0 ? undefined : word.slice(equals + 1);
      if (option === undefined || (option.argument === 'none' && value !== undefined)) {
        errors.push(`Unknown option ${word}`);
        continue;
      }
      if (option.argument === 'required' && value === undefined) value = words[++at];
      if (option.argument === 'required' && value === undefined) {
        errors.push(`Missing parameter for option --${option.long}`);
      } else given.push({ name: option.long, value });
      continue;
    }
    if (word.length < 2 || !word.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const letters = [...word.slice(1)];
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string;
      const option = byShort.get(letter);
      if (option === undefined) {
        errors.push(`Unknown option -${letter}`);
        continue;
      }
      if (option.argument === 'none') {
        given.push({ name: option.long, value: undefined });
        continue;
      }
      const rest = letters.slice(i + 1).join('');
      if (option.argument === 'optional') {
        given.push({ name: option.long, value: rest === '' ? undefined : rest.replace(/^=/, '') });
      } else {
        const value = rest === '' ? words[++at] : rest;
        if (value === undefined) errors.push(`Missing parameter for option -${letter}`);
        else given.push({ name: option.long, value });
      }
      break;
    }
  }
  return { given, errors, operands };
}

/** strtol(3) with base 0, whole text, 0..0777. */
function parseUmask(text: string): number | undefined {
  const value = /^0[0-7]*$/.test(text)
    ? Number.parseInt(text, 8)
    : /^0[xX][0-9a-fA-F]+$/.test(text)
      ? Number.parseInt(text, 16)
      : /^[1-9][0-9]*$/.test(text)
        ? Number.parseInt(text, 10)
        : undefined;
  return value !== undefined && value <= 0o777 ? value : undefined;
}

function ending(given: readonly Given[], program: string, version: string): CommandLineOutcome | undefined {
  for (const { name, value } of given) {
    if (name === 'version') return { kind: 'end', stream: 'stderr', text: versionText(version), exitCode: 0 };
    if (name === 'help') return { kind: 'end', stream: 'stderr', text: helpText(program), exitCode: 0 };
    if (name === 'signum') {
      const number = signalNumbers.get(value ?? '');
      return number === undefined
        ? { kind: 'end', stream: 'stderr', text: `Unknown sigfunc ${value}\n`, exitCode: 1 }
        : { kind: 'end', stream: 'stdout', text: `${number}\n`, exitCode: 0 };
    }
    if (name === 'genhash') {
      const text = 'lvsd has no genhash mode yet. Make the digest of a page with: curl -s URL | md5sum\n';
      return { kind: 'end', stream: 'stderr', text, exitCode: 1 };
    }
  }
  return undefined;
}

/** The text of -v. */
export function versionText(version: string): string {
  return `lvsd v${version}, in place of Keepalived v${keepalivedVersion}\n`;
}

/**
 * Reads the command line.
 * @param words argv without the interpreter and the program: `process.argv.slice(2)`
 * @param program the name that -h shows
 * @param version lvsd's version
 */
export function readCommandLine(words: readonly string[], program: string, version: string): CommandLineOutcome {
  const { given, errors, operands } = scan(words);
  const end = ending(given, program, version);
  if (end !== undefined) return end;
  if (errors.length > 0) {
    const text = `${errors.join('\n')}\nTry "${program} --help".\n`;
    return { kind: 'end', stream: 'stderr', text, exitCode: 1 };
  }

  const warnings: string[] = [];
  const has = (name: OptionName): boolean => given.some((option) => option.name === name);
  const last = (name: OptionName): Given | undefined => given.findLast((option) => option.name === name);
  const value = (name: OptionName): string | undefined => last(name)?.value;

  const facilityWord = value('log-facility');
  const facility = facilityWord === undefined ? 'daemon' : parseFacility(facilityWord);
  if (facility === undefined) warnings.push(`Invalid log facility '${facilityWord}'`);
  const umaskWord = value('umask');
  const umask = umaskWord === undefined ? undefined : parseUmask(umaskWord);
  if (umaskWord !== undefined && umask === undefined) warnings.push(`Invalid --umask option ${umaskWord}`);
  if (operands.length > 0) warnings.push(`Unexpected argument(s): ${operands.join(' ')}`);

  const testing = has('config-test');
  const detail = given.filter((option) => option.name === 'log-detail').length;
  const commandLine: CommandLine = {
    configFile: value('use-file') ?? defaultConfigFile,
    configTest: testing ? { logFile: value('config-test') } : undefined,
    subsystems: { checker: !has('vrrp'), vrrp: !has('check'), bfd: !has('no_bfd') },
    allRoles: has('all'),
    logConsole: has('log-console'),
    logDetail: detail >= 2 ? 2 : detail === 1 ? 1 : 0,
    facility: facility ?? 'daemon',
    logFile: has('log-file') ? (value('log-file') ?? defaultLogFile) : undefined,
    syslog: !has('no-syslog') && !testing,
    umask,
    keepIpvsAtStop: has('dont-release-ipvs'),
    respawn: !has('dont-respawn') && !testing,
    foreground: has('dont-fork') || testing,
    dumpConfig: has('dump-conf'),
    pidFiles: {
      parent: value('pid'),
      checkers: value('checkers_pid'),
      vrrp: value('vrrp_pid'),
      bfd: value('bfd_pid'),
    },
    namespace: value('namespace'),
    strictIncludes: has('all-config'),
    configId: value('config-id'),
    ignoreSigint: has('ignore-sigint'),
    ignoreUnbuilt: has('ignore-unbuilt'),
    json: has('json'),
    printConfig: has('print-config'),
    role: value('role'),
    given: given.map((option) => option.name),
    warnings,
  };
  return { kind: 'start', commandLine };
}

/** An option that was given and that lvsd accepts without acting on it yet. */
export interface UnbuiltOption {
  /** As a person would type it: `-x (--snmp)`. */
  readonly option: string;
  /** One sentence for the log. */
  readonly message: string;
}

/** The options to name at start, each once, in the order in which they were given. */
export function unbuiltOptions(commandLine: CommandLine): readonly UnbuiltOption[] {
  const found: UnbuiltOption[] = [];
  for (const name of new Set(commandLine.given)) {
    const option: Option | undefined = options.find((candidate) => candidate.long === name);
    if (option?.unbuilt === undefined) continue;
    const shown = option.short === undefined ? `--${option.long}` : `-${option.short} (--${option.long})`;
    found.push({ option: shown, message: `Option ${shown} is accepted but has no effect: ${option.unbuilt}` });
  }
  return found;
}
