/**
 * keepalived_check.data: the checker's dump for SIGUSR1, in the layout of keepalived 2.2.7 (keepalived.md 4), which
 * operators grep (`Has run = no`) and exporters parse.
 *
 * What was configured comes from Config, what is now from the state document; both must be of one generation. Lines that
 * lvsd has no value for are left out rather than made up: `previous effective_weight`, `reloaded`, `Last errno`, the
 * checkers' `Current weight` and `Default delay before retry`, a group's `Alive`, uid:gid of scripts, and what Config
 * holds only where it ends up (a virtual server's connection timeout and inhibit, a real server's timeout and delay loop).
 */
import type { Config } from '../config/config.js';
import { realServerName, virtualServerName } from '../config/names.js';
import type {
  Forwarding,
  GroupEntry,
  RealServer,
  SorryServer,
  VirtualServer,
  VirtualServerGroup,
} from '../config/virtual-server.js';
import { isIpv6 } from '../runtime/addresses.js';
import { healthChecker } from './dump-checker.js';
import { dumpedScript, globalDefinitions } from './dump-global.js';
import type { RealServerState, StateDocument, VirtualServerState } from './state.js';

const onOff = (value: boolean): string => (value ? 'ON' : 'OFF');
const enabled = (value: boolean): string => (value ? 'enabled' : 'disabled');
const seconds = (value: number): string => value.toFixed(6);

/** The whole file, line by line, without newlines. @param namespace of -s or net_namespace, in force */
export function* checkerDump(config: Config, state: StateDocument, namespace: string | undefined): Generator<string> {
  yield* globalDefinitions(config.global, namespace);
  if (config.ssl !== undefined) {
    yield '------< SSL definitions >------';
    // The password is not shown: keepalived shows it, and this file may be read by whoever debugs.
    if (config.ssl.password !== undefined) yield ' Password : ****';
    if (config.ssl.caFile !== undefined) yield ` CA-file : ${config.ssl.caFile}`;
    if (config.ssl.certificateFile !== undefined) yield ` Certificate file : ${config.ssl.certificateFile}`;
    if (config.ssl.keyFile !== undefined) yield ` Key file : ${config.ssl.keyFile}`;
  }
  yield '------< LVS Topology >------';
  yield ' System is compiled with LVS v1.2.1';
  for (const group of config.groups.values()) yield* groupLines(group);
  const states = new Map(state.virtualServers.map((server) => [server.name, server]));
  for (const server of config.virtualServers) yield* virtualServerLines(server, states.get(virtualServerName(server)));
  yield '------< Health checkers >------';
  for (const server of config.virtualServers) {
    const now = states.get(virtualServerName(server));
    for (const real of server.realServers) {
      const realNow = realStateOf(now, server, real);
      for (const [index, checker] of real.checkers.entries()) {
        yield ` ${virtualServerName(server)} -> ${realServerName(real, server.protocol)}`;
        yield* healthChecker(checker, realNow?.checkers[index], now?.suspended ?? false);
      }
    }
  }
}

function realStateOf(
  now: VirtualServerState | undefined,
  server: VirtualServer,
  real: RealServer,
): RealServerState | undefined {
  const name = realServerName(real, server.protocol);
  return now?.realServers.find((candidate) => candidate.name === name);
}

function familiesOf(entries: readonly GroupEntry[]): { readonly inet: boolean; readonly inet6: boolean } {
  const has = (wanted: 'inet' | 'inet6'): boolean =>
    entries.some((entry) =>
      entry.kind === 'fwmark' ? entry.family === wanted : isIpv6(entry.first) === (wanted === 'inet6'),
    );
  return { inet: has('inet'), inet6: has('inet6') };
}

function* groupLines(group: VirtualServerGroup): Generator<string> {
  const families = familiesOf(group.entries);
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  yield ' ------< Virtual server group >------';
  yield ` Virtual Server Group = ${group.name}, IPv4 = ${yes(families.inet)}, IPv6 = ${yes(families.inet6)}`;
  for (const entry of group.entries) {
    if (entry.kind === 'fwmark') yield `   FWMARK = ${entry.mark}`;
    else if (entry.first === entry.last) yield `   VIP = ${entry.first}, VPORT = ${entry.port}`;
    else yield `   VIP Range = ${entry.first}-${entry.last}, VPORT = ${entry.port}`;
  }
}

function* virtualServerLines(server: VirtualServer, now: VirtualServerState | undefined): Generator<string> {
  const { target } = server;
  yield ' ------< Virtual server >------';
  if (target.kind === 'address') yield ` VS VIP = ${target.address}, VPORT = ${target.port}`;
  else if (target.kind === 'fwmark') yield ` VS FWMARK = ${target.mark}`;
  else yield ` VS GROUP = ${virtualServerName(server)}`;
  if (server.virtualhost !== undefined) yield `   VirtualHost = ${server.virtualhost}`;
  if (server.snmpName !== undefined) yield `   SNMP name = '${server.snmpName}'`;
  yield `   Address family = ${familyText(server)}`;
  yield `   delay_loop = ${seconds(server.delayLoop)}`;
  yield `   lvs_sched = ${server.scheduler}`;
  yield '   Hashed = disabled';
  yield* flagLines(server);
  yield `   One packet scheduling = ${enabled(server.flags.ops)}${server.flags.ops && server.protocol !== 'UDP' ? ' (inactive due to not UDP)' : ''}`;
  const { persistence } = server;
  if (persistence !== undefined) {
    yield `   persistence timeout = ${persistence.timeout}`;
    const { granularity } = persistence;
    if (granularity.family === 'inet6') {
      if (granularity.prefix !== 128) yield `   persistence granularity = ${granularity.prefix}`;
    } else if (granularity.mask !== '255.255.255.255') yield `   persistence granularity = ${granularity.mask}`;
  }
  yield `   protocol = ${target.kind === 'fwmark' ? 'none' : server.protocol}`;
  yield `   alpha is ${onOff(server.alpha)}`;
  yield `   omega is ${onOff(server.omega)}`;
  yield `   quorum = ${server.quorum}, hysteresis = ${server.hysteresis}`;
  if (server.quorumUp !== undefined) yield `   Quorum up notify script = ${dumpedScript(server.quorumUp)}`;
  if (server.quorumDown !== undefined) yield `   Quorum down notify script = ${dumpedScript(server.quorumDown)}`;
  if (server.haSuspend) yield '   Using HA suspend';
  yield `   Using smtp notification = ${server.smtpAlert ? 'yes' : 'no'}`;
  yield `   default forwarding method = ${forwardingText(server.forwarding)}`;
  if (server.sorryServer !== undefined) yield* sorryLines(server.sorryServer, server);
  if (now !== undefined) {
    yield `   alive = ${now.realServers.some((real) => real.alive) ? 1 : 0}`;
    yield `   quorum_state_up = ${now.quorum.up ? 1 : 0}`;
  }
  for (const real of server.realServers) yield* realServerLines(real, realStateOf(now, server, real));
}

function familyText(server: VirtualServer): string {
  const { target } = server;
  if (target.kind === 'address') return isIpv6(target.address) ? 'inet6' : 'inet';
  if (target.kind === 'fwmark') return target.family;
  return server.family ?? 'inet';
}

function* flagLines(server: VirtualServer): Generator<string> {
  const { sched1, sched2, sched3 } = server.flags;
  switch (server.scheduler) {
    case 'sh':
      yield `   sh-port = ${enabled(sched2)}`;
      yield `   sh-fallback = ${enabled(sched1)}`;
      return;
    case 'mh':
      yield `   mh-port = ${enabled(sched2)}`;
      yield `   mh-fallback = ${enabled(sched1)}`;
      return;
    default:
      yield `   flag-1 = ${enabled(sched1)}`;
      yield `   flag-2 = ${enabled(sched2)}`;
      yield `   flag-3 = ${enabled(sched3)}`;
  }
}

/** `DR`, `NAT`, `TUN, type = IPIP`, `TUN, type = GUE, port = 6080 csum`. */
export function forwardingText(forwarding: Forwarding): string {
  if (forwarding.method !== 'TUN') return forwarding.method;
  const { tunnel } = forwarding;
  switch (tunnel.type) {
    case 'ipip':
      return 'TUN, type = IPIP';
    case 'gue':
      return `TUN, type = GUE, port = ${tunnel.port}${tunnel.checksum === 'nocsum' ? '' : ` ${tunnel.checksum}`}`;
    case 'gre':
      return `TUN, type = GRE${tunnel.checksum === 'nocsum' ? '' : ` ${tunnel.checksum}`}`;
  }
}

function* sorryLines(sorry: SorryServer, server: VirtualServer): Generator<string> {
  yield `   sorry server = ${realServerName(sorry, server.protocol)}`;
  yield `     forwarding method = ${forwardingText(sorry.forwarding)}`;
  yield `     Inhibit on failure is ${onOff(sorry.inhibit)}`;
}

function* realServerLines(real: RealServer, now: RealServerState | undefined): Generator<string> {
  const effective = now?.weight.effective ?? real.weight;
  yield '   ------< Real server >------';
  yield `   RIP = ${real.address}, RPORT = ${real.port}, WEIGHT = ${real.weight} EFF WEIGHT = ${effective}`;
  yield `   forwarding method = ${forwardingText(real.forwarding)}`;
  yield `   Alpha is ${onOff(real.alpha)}`;
  yield `   connection limit range = ${real.lowerThreshold} -> ${real.upperThreshold}`;
  yield `   Inhibit on failure is ${onOff(real.inhibitOnFailure)}`;
  if (real.notifyUp !== undefined) yield `     RS up notify script = ${dumpedScript(real.notifyUp)}`;
  if (real.notifyDown !== undefined) yield `     RS down notify script = ${dumpedScript(real.notifyDown)}`;
  if (real.virtualhost !== undefined) yield `    VirtualHost = '${real.virtualhost}'`;
  if (real.snmpName !== undefined) yield `   SNMP name = ${real.snmpName}`;
  yield `   Using smtp notification = ${real.smtpAlert ? 'yes' : 'no'}`;
  yield `   initial weight = ${real.weight}`;
  yield `   effective weight = ${effective}`;
  if (now === undefined) return;
  yield `   alive = ${now.alive ? 1 : 0}`;
  yield `   num failed checkers = ${now.checkers.filter((checker) => !checker.up).length}`;
  yield `   RS set = ${now.weight.inKernel === null ? 0 : 1}`;
}
