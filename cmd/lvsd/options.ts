/**
 * The options that lvsd's command line knows: keepalived's, one by one, and lvsd's own (keepalived.md 2).
 *
 * A table only: `command-line.ts` reads argv by it, and -h prints it. `unbuilt` says, for an option that is accepted so
 * that existing units and scripts go on working, that lvsd does nothing for it yet.
 */

export type OptionArgument = 'none' | 'required' | 'optional';

export interface Option {
  readonly short?: string;
  readonly long: string;
  readonly argument: OptionArgument;
  /** What -h calls the argument. */
  readonly argumentName?: string;
  readonly help: string;
  /** What does not happen yet, as the end of "option X is accepted, but ...". */
  readonly unbuilt?: string;
  readonly hidden?: boolean;
}

const noVrrp = 'lvsd does not run VRRP yet';
const noBfd = 'lvsd does not run BFD yet';
const noMemoryCheck = 'lvsd has no memory-check build: node --inspect serves for that';

export const options = [
  {
    short: 'f',
    long: 'use-file',
    argument: 'required',
    argumentName: 'FILE',
    help: 'configuration file (default /etc/keepalived/keepalived.conf)',
  },
  {
    short: 'P',
    long: 'vrrp',
    argument: 'none',
    help: 'VRRP only, no health checks and no IPVS',
    unbuilt: 'lvsd does not run VRRP yet, and it leaves virtual servers alone as asked',
  },
  { short: 'C', long: 'check', argument: 'none', help: 'IPVS and health checks only, no VRRP' },
  { short: 'B', long: 'no_bfd', argument: 'none', help: 'no BFD' },
  { long: 'all', argument: 'none', help: 'start every role, also those that the configuration does not need' },
  { short: 'l', long: 'log-console', argument: 'none', help: 'log to stderr too' },
  { short: 'D', long: 'log-detail', argument: 'none', help: 'detailed log; twice for more' },
  {
    short: 'S',
    long: 'log-facility',
    argument: 'required',
    argumentName: 'FACILITY',
    help: 'syslog facility: 0-7, local0-local7, user, daemon (default)',
  },
  {
    short: 'g',
    long: 'log-file',
    argument: 'optional',
    argumentName: 'FILE',
    help: 'log to FILE (default /tmp/keepalived.log)',
  },
  { long: 'flush-log-file', argument: 'none', help: 'flush the log file after each line (lvsd always does)' },
  { short: 'G', long: 'no-syslog', argument: 'none', help: 'do not log to syslog' },
  { short: 'u', long: 'umask', argument: 'required', argumentName: 'MASK', help: 'umask of files that are made' },
  {
    short: 'X',
    long: 'release-vips',
    argument: 'none',
    help: 'drop VIPs on a transition that a signal caused',
    unbuilt: noVrrp,
  },
  {
    short: 'V',
    long: 'dont-release-vrrp',
    argument: 'none',
    help: 'leave VIPs and virtual routes in the kernel at stop',
    unbuilt: noVrrp,
  },
  { short: 'I', long: 'dont-release-ipvs', argument: 'none', help: 'leave the IPVS table in the kernel at stop' },
  { short: 'R', long: 'dont-respawn', argument: 'none', help: 'end when a role dies instead of starting it again' },
  { short: 'n', long: 'dont-fork', argument: 'none', help: 'stay in the foreground' },
  { short: 'd', long: 'dump-conf', argument: 'none', help: 'log the configuration as it was read' },
  { short: 'p', long: 'pid', argument: 'required', argumentName: 'FILE', help: 'PID file of the supervisor' },
  {
    short: 'r',
    long: 'vrrp_pid',
    argument: 'required',
    argumentName: 'FILE',
    help: 'PID file of VRRP',
    unbuilt: noVrrp,
  },
  { short: 'c', long: 'checkers_pid', argument: 'required', argumentName: 'FILE', help: 'PID file of the director' },
  { short: 'b', long: 'bfd_pid', argument: 'required', argumentName: 'FILE', help: 'PID file of BFD', unbuilt: noBfd },
  { short: 'T', long: 'genhash', argument: 'none', help: 'genhash mode; must be the first option' },
  {
    short: 'a',
    long: 'address-monitoring',
    argument: 'none',
    help: 'log every address that is added or deleted on this host',
    unbuilt: 'lvsd does not watch addresses yet: use "ip monitor address"',
  },
  {
    short: 'x',
    long: 'snmp',
    argument: 'none',
    help: 'SNMP by AgentX',
    unbuilt: 'lvsd does not speak SNMP yet: use "lvsctl status --json" or metrics_listen',
  },
  {
    short: 'A',
    long: 'snmp-agent-socket',
    argument: 'required',
    argumentName: 'SOCKET',
    help: 'socket of the SNMP master agent',
    unbuilt: 'lvsd does not speak SNMP yet',
  },
  { short: 's', long: 'namespace', argument: 'required', argumentName: 'NAME', help: 'run in this network namespace' },
  {
    short: 'm',
    long: 'core-dump',
    argument: 'none',
    help: 'allow core dumps',
    unbuilt: 'lvsd leaves core dumps to the system: set LimitCORE= in the unit',
  },
  {
    short: 'M',
    long: 'core-dump-pattern',
    argument: 'optional',
    argumentName: 'PATTERN',
    help: "set the kernel's core_pattern too",
    unbuilt: 'lvsd leaves core dumps to the system: set kernel.core_pattern by sysctl',
  },
  { short: 'e', long: 'all-config', argument: 'none', help: 'a missing included file is an error' },
  { short: 'i', long: 'config-id', argument: 'required', argumentName: 'ID', help: 'id for lines that begin with @id' },
  {
    long: 'signum',
    argument: 'required',
    argumentName: 'NAME',
    help: 'print a signal number and end: STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON',
  },
  {
    short: 't',
    long: 'config-test',
    argument: 'optional',
    argumentName: 'LOGFILE',
    help: 'check the configuration and end; messages to stderr or LOGFILE',
  },
  {
    long: 'config-fd',
    argument: 'required',
    argumentName: 'FD',
    help: "keepalived's own",
    unbuilt: 'lvsd hands its configuration on in another way',
    hidden: true,
  },
  {
    long: 'perf',
    argument: 'optional',
    argumentName: 'WHEN',
    help: 'performance recording',
    unbuilt: 'lvsd has no perf build',
    hidden: true,
  },
  {
    long: 'debug',
    argument: 'optional',
    argumentName: 'LETTERS',
    help: 'debug output of subsystems',
    unbuilt: 'lvsd has no debug letters: use -D twice',
    hidden: true,
  },
  { long: 'ignore-sigint', argument: 'none', help: 'go on at SIGINT, for debugging', hidden: true },
  { long: 'no-mem-check', argument: 'none', help: 'memory checks off', unbuilt: noMemoryCheck, hidden: true },
  { short: 'L', long: 'mem-check-log', argument: 'none', help: 'memory checks', unbuilt: noMemoryCheck, hidden: true },
  { short: 'O', long: 'mem-err-debug', argument: 'none', help: 'memory checks', unbuilt: noMemoryCheck, hidden: true },
  { long: 'ignore-unbuilt', argument: 'none', help: 'start also with words in the file that lvsd does not act on yet' },
  { long: 'json', argument: 'none', help: 'with -t: the messages as JSON' },
  { long: 'print-config', argument: 'none', help: 'with -t: print the configuration as lvsd understood it' },
  {
    long: 'role',
    argument: 'required',
    argumentName: 'NAME',
    help: 'run as this role of a running lvsd',
    hidden: true,
  },
  { short: 'v', long: 'version', argument: 'none', help: 'print the version and end' },
  { short: 'h', long: 'help', argument: 'none', help: 'print this and end' },
] as const satisfies readonly Option[];

/** The long name of an option: how the rest of the program calls it. */
export type OptionName = (typeof options)[number]['long'];

/** The text of -h. @param program the name that it was called by */
export function helpText(program: string): string {
  const lines = (options as readonly Option[])
    .filter((option) => option.hidden !== true)
    .map((option) => {
      const short = option.short === undefined ? '    ' : `-${option.short}, `;
      const name = option.argumentName ?? '';
      const argument = option.argument === 'none' ? '' : option.argument === 'required' ? `=${name}` : `[=${name}]`;
      const left = `  ${short}--${option.long}${argument}`;
      const note = option.unbuilt === undefined ? '' : ' (no effect yet)';
      return `${left.padEnd(36)}${left.length > 35 ? ' ' : ''}${option.help}${note}\n`;
    });
  return `Usage: ${program} [OPTION]...\nReads keepalived.conf, keeps the kernel's IPVS table as it says, and checks real servers.\n\n${lines.join('')}`;
}
