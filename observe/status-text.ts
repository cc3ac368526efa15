/**
 * The state document as text for a person at a terminal: what `lvsctl status` prints.
 *
 * It answers on one screen: does lvsd run and since when, what did the last reload do, which processes run, does the
 * kernel's table differ from the file, which virtual servers serve, and for every real server that is out: why, and
 * since when. Where all is well a virtual server is one line; with more of them than fit, only those with trouble are
 * listed and the rest is counted.
 *
 * Pure: the document and the instant in, text out. No colours: it is read in logs and mails too.
 */
import { columns } from './columns.js';
import { ago, duration, localTime } from './duration.js';
import type {
  CheckerState,
  DaemonState,
  DriftFinding,
  RealServerState,
  RoleState,
  StateDocument,
  VirtualServerState,
} from './state.js';

export interface StatusTextOptions {
  /** List every virtual server, however many. */
  readonly all: boolean;
  /** List every real server with its checkers too. */
  readonly detail: boolean;
}

/** More virtual servers than this are listed only if they have trouble. */
const mostListed = 30;
/** At most this many with trouble are listed without `all`. */
const mostTroubles = 100;

/** The whole text, with a newline at its end. */
export function statusText(document: StateDocument, options: StatusTextOptions): string {
  const now = document.at;
  const parts = [header(document, now)];
  const { virtualServers } = document;
  if (virtualServers.length === 0) {
    parts.push('No virtual servers are configured.\n');
    return parts.join('\n');
  }
  const listed = options.all || options.detail || virtualServers.length <= mostListed;
  const shown = listed ? virtualServers : virtualServers.filter(hasTrouble).slice(0, mostTroubles);
  if (shown.length > 0) parts.push(serverTable(shown, now, options.detail));
  if (!listed) parts.push(restLine(virtualServers, shown.length));
  return parts.join('\n');
}

/** Whether an operator should look at it. */
export function hasTrouble(server: VirtualServerState): boolean {
  return (
    !server.quorum.up ||
    server.suspended ||
    server.sorryServer?.active === true ||
    server.realServers.some((real) => !real.alive || real.checkers.some((checker) => !checker.hasRun))
  );
}

function header(document: StateDocument, now: number): string {
  const { daemon, ipvs } = document;
  const rows: string[][] = [['lvsd', daemonLine(daemon, now)]];
  const [main, ...included] = daemon.configFiles;
  const more = included.length === 0 ? '' : ` and ${counted(included.length, 'included file')}`;
  rows.push(['configuration', `${main ?? 'none'}${more}, generation ${daemon.generation}`]);
  for (const [label, text] of reloadLines(daemon, now)) rows.push([label, text]);
  document.roles.forEach((role, index) => {
    rows.push([index === 0 ? 'processes' : '', roleLine(role, now)]);
  });
  if (ipvs.unavailable !== null) rows.push(['IPVS', `NOT AVAILABLE: ${ipvs.unavailable}`]);
  const { drift, netlink } = ipvs;
  const looked = drift.lastCheck === null ? 'not looked yet' : `looked ${ago(drift.lastCheck, now)}`;
  const state =
    drift.findings.length === 0
      ? 'the table is as it should be'
      : `${counted(drift.findings.length, 'difference')} now`;
  rows.push(['drift', `${state}; ${drift.found} found since start, ${drift.repaired} repaired; ${looked}`]);
  for (const finding of drift.findings.slice(0, 10)) rows.push(['', driftLine(finding, now)]);
  if (drift.findings.length > 10) rows.push(['', `and ${drift.findings.length - 10} more: see --json`]);
  const last =
    netlink.lastError === null ? '' : `, the last ${ago(netlink.lastError.at, now)}: ${netlink.lastError.text}`;
  rows.push([
    'netlink',
    `${counted(netlink.messages, 'message')} in ${counted(netlink.sendCalls, 'send')}, ${counted(netlink.errors, 'error')}${last}`,
  ]);
  return columns(rows);
}

function daemonLine(daemon: DaemonState, now: number): string {
  const where = [
    daemon.instance === null ? undefined : `instance ${daemon.instance}`,
    daemon.networkNamespace === null ? undefined : `namespace ${daemon.networkNamespace}`,
  ].filter((part) => part !== undefined);
  const place = where.length === 0 ? '' : `, ${where.join(', ')}`;
  return `${daemon.version}, pid ${daemon.pid}${place}, up ${duration(now - daemon.startedAt)}`;
}

function reloadLines(daemon: DaemonState, now: number): readonly (readonly [string, string])[] {
  const { lastReload: last, reloads } = daemon;
  if (last === null) return [['last reload', 'none since the start']];
  const took = `${last.durationSeconds.toFixed(3)} s`;
  const result = { applied: 'applied', unchanged: 'nothing changed', refused: 'REFUSED, the former one stays' };
  const head = `${localTime(last.at)} (${ago(last.at, now)}): ${result[last.result]}, took ${took}; ${reloads.applied} applied and ${reloads.refused} refused since start`;
  const told = last.diagnostics.slice(0, 5).map((item) => {
    const place = item.file === null ? '' : `${item.file}:${item.line ?? '?'}: `;
    return ['', `${place}${item.message}${item.cure === null ? '' : ` (${item.cure})`}`] as const;
  });
  const rest = last.diagnostics.length - told.length;
  return [['last reload', head], ...told, ...(rest > 0 ? [['', `and ${rest} more: see --json`] as const] : [])];
}

function roleLine(role: RoleState, now: number): string {
  const process = role.pid === null ? 'no process' : `pid ${role.pid}`;
  const restarts = role.restarts === 0 ? '' : `, restarted ${counted(role.restarts, 'time')}`;
  const silent =
    role.heartbeatAgeSeconds !== null && role.heartbeatAgeSeconds > 3
      ? `, SILENT for ${duration(role.heartbeatAgeSeconds)}`
      : '';
  return `${role.name}: ${role.phase} for ${duration(now - role.since)}, ${process}${restarts}${silent}`;
}

function driftLine(finding: DriftFinding, now: number): string {
  const where =
    finding.realServer === null ? finding.virtualServer : `${finding.realServer} of ${finding.virtualServer}`;
  return `${where}: wanted ${finding.wanted}, found ${finding.found}, ${finding.treatment}, ${ago(finding.since, now)}`;
}

function restLine(servers: readonly VirtualServerState[], shown: number): string {
  const troubled = servers.filter(hasTrouble).length;
  const well = servers.length - troubled;
  const hidden = troubled > shown ? ` ${troubled - shown} more have trouble.` : '';
  return `${well} of ${servers.length} virtual servers are well and not listed.${hidden} "lvsctl status --all" lists all, "lvsctl status NAME" shows one.\n`;
}

function serverTable(servers: readonly VirtualServerState[], now: number, detail: boolean): string {
  const rows: string[][] = [['VIRTUAL SERVER', 'SCHED', 'FWD', 'SERVERS', 'QUORUM', 'STATE']];
  const notes = new Map<number, string[]>();
  for (const server of servers) {
    const alive = server.realServers.filter((real) => real.alive).length;
    rows.push([
      server.name,
      server.scheduler,
      server.forwarding,
      `${alive}/${server.realServers.length} up`,
      `${server.quorum.have} of ${server.quorum.needed}`,
      serverState(server, now),
    ]);
    const below = detail ? server.realServers.flatMap((real) => realServerLines(real, now)) : troubleLines(server, now);
    notes.set(rows.length - 1, below);
  }
  return columns(rows, notes);
}

function serverState(server: VirtualServerState, now: number): string {
  const { quorum, sorryServer } = server;
  const since = quorum.since === null ? '' : ` for ${duration(now - quorum.since)}`;
  const sorry = sorryServer?.active === true ? `, sorry server ${sorryServer.name} answers` : '';
  const held = server.suspended ? ', checks suspended' : '';
  return `${quorum.up ? 'up' : 'DOWN'}${since}${sorry}${held}`;
}

function troubleLines(server: VirtualServerState, now: number): string[] {
  const down = server.realServers.filter((real) => !real.alive);
  const lines = down.map((real) => {
    const weight = real.inhibited ? ', weight 0 in the table' : '';
    const since = real.since === null ? '' : ` for ${duration(now - real.since)}`;
    return `  ${real.name} DOWN${since}${weight}: ${reasonOf(real, now)}`;
  });
  const unchecked = server.realServers.filter((real) => real.alive && real.checkers.some((checker) => !checker.hasRun));
  if (unchecked.length > 0) lines.push(`  ${unchecked.length} not checked yet since the start`);
  return lines;
}

function reasonOf(real: RealServerState, now: number): string {
  if (real.reason !== null) return real.reason;
  const failed = real.checkers.find((checker) => !checker.up);
  return failed === undefined ? 'not known' : checkerResult(failed, now);
}

function checkerResult(checker: CheckerState, now: number): string {
  const last =
    checker.lastRun === null ? 'not run yet' : `${checker.lastResult ?? 'no result'}, ${ago(checker.lastRun, now)}`;
  return `${checker.kind}: ${last}`;
}

function realServerLines(real: RealServerState, now: number): string[] {
  const { configured, effective, inKernel } = real.weight;
  const effectively = effective === configured ? '' : `, effective ${effective}`;
  const kernel =
    inKernel === null ? 'not in the table' : inKernel === effective ? 'in the table' : `${inKernel} in the table`;
  const since = real.since === null ? '' : ` for ${duration(now - real.since)}`;
  const why = real.alive || real.reason === null ? '' : `: ${real.reason}`;
  const connections =
    real.counters === null
      ? ''
      : `, ${real.counters.activeConnections} active and ${real.counters.inactiveConnections} inactive connections`;
  const head = `  ${real.name} ${real.alive ? 'up' : 'DOWN'}${since}, weight ${configured}${effectively}, ${kernel}${connections}${why}`;
  return [head, ...real.checkers.map((checker) => checkerLine(checker, now))];
}

function checkerLine(checker: CheckerState, now: number): string {
  const retries = checker.retriesUsed === 0 ? '' : `, ${counted(checker.retriesUsed, 'failure')} in a row`;
  const late = checker.late === 0 ? '' : `, ${checker.late} late`;
  return `    ${checkerResult(checker, now)}; ${checker.up ? 'up' : 'DOWN'}, ${counted(checker.runs, 'run')}, ${checker.failures} failed${retries}${late}`;
}

function plural(count: number): string {
  return count === 1 ? '' : 's';
}

/** `1 error`, `2 errors`. */
function counted(count: number, what: string): string {
  return `${count} ${what}${plural(count)}`;
}
