/**
 * What is made from the table of options: the manual page lvsd(8) and the completion of bash. Like the pages that are
 * made from the schema of the configuration, they are checked in, and a test keeps them current.
 */
import { bold, entry, italic, marked, roff, section } from '../../parser/schema/roff.js';
import { type Option, options } from './options.js';

export interface GeneratedPage {
  /** Below the root of the checkout. */
  readonly path: string;
  readonly text: () => string;
}

export const generatedPages: readonly GeneratedPage[] = [
  { path: 'docs/man/lvsd.8', text: programManual },
  { path: 'docs/completion/lvsd.bash', text: bashCompletion },
];

const shown: readonly Option[] = (options as readonly Option[]).filter((option) => option.hidden !== true);

/** The manual page of the program. */
export function programManual(): string {
  return `${[
    '.\\" Made from the table of options (cmd/lvsd/generated.ts). Do not edit this page by hand.',
    '.TH LVSD 8 "" lvsd "System administration"',
    '.SH NAME',
    `lvsd \\- ${roff("keeps the kernel's IPVS table as keepalived.conf says, and checks real servers")}`,
    '.SH SYNOPSIS',
    `${bold('lvsd')} [${italic('OPTION')}]...`,
    '.SH DESCRIPTION',
    marked(
      'lvsd takes the place of keepalived(8) on Linux Virtual Server directors: the same file, the same options, the same signals and log lines. Options that say so are accepted and have no effect yet. An argument of a short option may be attached; an optional one must be: `-t/tmp/log`.',
    ),
    section('Options'),
    ...shown.map(optionEntry),
    section('Signals'),
    entry(bold('SIGHUP'), 'Reads the configuration again. What did not change goes on undisturbed.'),
    entry(bold('SIGTERM, SIGINT'), 'Stops: every service is taken away in order.'),
    entry(bold('SIGUSR1'), 'Writes what lvsd knows to the dump files.'),
    section('Exit status'),
    entry(bold('0'), 'All went well.'),
    entry(bold('1'), 'An unknown option, or lvsd could not go on.'),
    entry(bold('2'), marked('`-t`: a keyword lacks a required parameter.')),
    entry(bold('4'), marked('`-t`: the file cannot be used. A start: a permission is missing.')),
    entry(bold('5'), marked('`-t`: there are complaints, and lvsd would run.')),
    entry(bold('6'), marked('`-t`: scripts run without script security. A start: there is no configuration.')),
    section('Files'),
    entry(italic('/etc/keepalived/keepalived.conf'), 'The configuration.'),
    entry(italic('/run/lvsd'), 'The control socket, and the journal of what lvsd owns.'),
    section('See also'),
    '.BR lvsd.conf (5),',
    '.BR ipvsadm (8)',
  ].join('\n')}\n`;
}

function optionEntry(option: Option): string {
  const name = option.argumentName ?? '';
  const argument = { none: '', required: `=${italic(name)}`, optional: `[=${italic(name)}]` }[option.argument];
  const long = `${bold(`--${option.long}`)}${argument}`;
  const head = option.short === undefined ? long : `${bold(`-${option.short}`)}, ${long}`;
  const text = `${option.help.charAt(0).toUpperCase()}${option.help.slice(1)}.`;
  const note = option.unbuilt === undefined ? [] : [`No effect yet: ${roff(option.unbuilt)}.`];
  return entry(head, marked(text), ...note);
}

/** Options whose argument is a file. */
const FILES = /^(?:FILE|LOGFILE|SOCKET)$/;

/** The completion of bash: options, and file names behind those that take one. */
export function bashCompletion(): string {
  const words = shown.flatMap(({ short, long }) => (short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`]));
  const of = (which: (option: Option) => boolean): string =>
    shown
      .filter((option) => option.argument === 'required' && which(option))
      .flatMap(({ short, long }) => (short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`]))
      .join(' | ');
  return `# Completion of lvsd for bash, made from the table of options (cmd/lvsd/generated.ts). Do not edit it by hand.
_lvsd() {
    local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
    case $before in
    ${of(({ argumentName }) => FILES.test(argumentName ?? ''))})
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    ${of(({ long }) => long === 'signum')})
        mapfile -t COMPREPLY < <(compgen -W 'STOP RELOAD DATA STATS STATS_CLEAR JSON' -- "$word")
        return
        ;;
    ${of(({ argumentName, long }) => long !== 'signum' && !FILES.test(argumentName ?? ''))})
        COMPREPLY=()
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$word")
}
complete -F _lvsd lvsd
`;
}
