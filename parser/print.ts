/**
 * The effective configuration as text: every value written out where keepalived would inherit or assume it, groups and
 * servers in their order. Here is the LVS side; the others have files of their own.
 *
 * Parsing the text gives the same Config again, positions and unbuilt words aside.
 */
import type { Checker, CheckSchedule, ConnectOptions, HttpUrl } from '../config/checker.js';
import type { Config } from '../config/config.js';
import type { SslConfig } from '../config/global.js';
import type {
  Forwarding,
  LocalAddressEntry,
  LocalAddressGroup,
  RealServer,
  SorryServer,
  VirtualServer,
  VirtualServerGroup,
} from '../config/virtual-server.js';
import { familyOf } from '../runtime/addresses.js';
import { printAddedBlocks, printAddedOptions } from './print-added.js';
import { printGlobal } from './print-global.js';
import { printTrackers } from './print-trackers.js';
import { printVrrp } from './print-vrrp.js';
import { ConfigWriter, quotedCommand, quotedWord, userWords } from './print-writer.js';

/** @returns text that ends with a newline, or nothing for an empty Config */
export function printConfig(config: Config): string {
  const to = new ConfigWriter();
  printGlobal(to, config.global);
  if (config.ssl !== undefined) printSsl(to, config.ssl);
  printTrackers(to, config);
  for (const group of config.groups.values()) printGroup(to, group);
  for (const group of config.localAddressGroups.values()) printLocalAddresses(to, group);
  printAddedBlocks(to, config.added);
  for (const server of config.virtualServers) printVirtualServer(to, server, config.groups);
  printVrrp(to, config);
  return to.text();
}

function printSsl(to: ConfigWriter, ssl: SslConfig): void {
  to.block('SSL', () => {
    to.value('password', ssl.password);
    to.value('ca', ssl.caFile);
    to.value('certificate', ssl.certificateFile);
    to.value('key', ssl.keyFile);
  });
}

function range(entry: { readonly first: string; readonly last: string }): string {
  return entry.first === entry.last ? entry.first : `${entry.first}-${entry.last}`;
}

function printGroup(to: ConfigWriter, group: VirtualServerGroup): void {
  to.block(`virtual_server_group ${quotedWord(group.name)}`, () => {
    for (const entry of group.entries) {
      if (entry.kind === 'range') to.line(range(entry), ...(entry.port === 0 ? [] : [entry.port]));
      else to.line('fwmark', entry.mark, ...(entry.family === undefined ? [] : [entry.family]));
    }
  });
}

function printEntries(to: ConfigWriter, entries: readonly LocalAddressEntry[]): void {
  for (const entry of entries) to.line(range(entry), ...(entry.device === undefined ? [] : [quotedWord(entry.device)]));
}

function printLocalAddresses(to: ConfigWriter, group: LocalAddressGroup): void {
  to.block(`local_address_group ${quotedWord(group.name)}`, () => {
    printEntries(to, group.entries);
    to.value('owner', group.owner);
  });
}

function forwardingWords(forwarding: Forwarding): readonly (string | number)[] {
  if (forwarding.method !== 'TUN') return [forwarding.method];
  const { tunnel } = forwarding;
  switch (tunnel.type) {
    case 'ipip':
      return ['TUN'];
    case 'gue':
      return ['TUN', 'type', 'gue', 'port', tunnel.port, tunnel.checksum];
    case 'gre':
      return ['TUN', 'type', 'gre', tunnel.checksum];
  }
}

function headOf(server: VirtualServer): string {
  const { target } = server;
  switch (target.kind) {
    case 'address':
      return `virtual_server ${target.address}${target.port === 0 ? '' : ` ${target.port}`}`;
    case 'fwmark':
      return `virtual_server fwmark ${target.mark}`;
    case 'group':
      return `virtual_server group ${quotedWord(target.group)}`;
  }
}

/** Marks alone have no protocol. */
function hasProtocol(server: VirtualServer, groups: Config['groups']): boolean {
  const { target } = server;
  if (target.kind !== 'group') return target.kind === 'address';
  return groups.get(target.group)?.entries.some((entry) => entry.kind === 'range') ?? false;
}

function familyWord(server: VirtualServer): string | undefined {
  return server.target.kind === 'fwmark' ? server.target.family : server.family;
}

function printVirtualServer(to: ConfigWriter, server: VirtualServer, groups: Config['groups']): void {
  to.block(headOf(server), () => {
    to.value('ip_family', familyWord(server));
    to.line('lvs_sched', server.scheduler);
    to.flag('ops', server.flags.ops);
    to.flag('flag-1', server.flags.sched1);
    to.flag('flag-2', server.flags.sched2);
    to.flag('flag-3', server.flags.sched3);
    to.line('lvs_method', ...forwardingWords(server.forwarding));
    if (hasProtocol(server, groups)) to.line('protocol', server.protocol);
    printPersistence(to, server);
    to.line('delay_loop', server.delayLoop);
    to.flag('alpha', server.alpha);
    to.flag('omega', server.omega);
    to.line('quorum', server.quorum);
    to.line('hysteresis', server.hysteresis);
    to.script('quorum_up', server.quorumUp);
    to.script('quorum_down', server.quorumDown);
    to.flag('ha_suspend', server.haSuspend);
    to.boolean('smtp_alert', server.smtpAlert);
    to.value('virtualhost', server.virtualhost);
    to.value('snmp_name', server.snmpName);
    printFullnat(to, server);
    if (server.sorryServer !== undefined) printSorryServer(to, server.sorryServer);
    for (const real of server.realServers) printRealServer(to, real);
  });
}

function printPersistence(to: ConfigWriter, server: VirtualServer): void {
  const { persistence } = server;
  if (persistence === undefined) return;
  to.line('persistence_timeout', persistence.timeout);
  const { granularity } = persistence;
  if (granularity.family === 'inet') {
    if (granularity.mask !== '255.255.255.255') to.line('persistence_granularity', granularity.mask);
  } else if (granularity.prefix !== 128) to.line('persistence_granularity', granularity.prefix);
  to.value('persistence_engine', persistence.engine);
}

function printFullnat(to: ConfigWriter, server: VirtualServer): void {
  const { fullnat } = server;
  to.value('laddr_group_name', fullnat.localAddressGroup);
  if (fullnat.localAddresses.length > 0) to.block('local_address', () => printEntries(to, fullnat.localAddresses));
  to.flag('syn_proxy', fullnat.synProxy);
  to.value('est_timeout', fullnat.establishedTimeout);
  to.value('vip_bind_dev', fullnat.vipBindDevice);
  printAddedOptions(to, server.added);
}

function printSorryServer(to: ConfigWriter, server: SorryServer): void {
  to.line('sorry_server', server.address, ...(server.port === 0 ? [] : [server.port]));
  to.flag('sorry_server_inhibit', server.inhibit);
  to.line('sorry_server_lvs_method', ...forwardingWords(server.forwarding));
}

function printRealServer(to: ConfigWriter, server: RealServer): void {
  to.block(`real_server ${server.address}${server.port === 0 ? '' : ` ${server.port}`}`, () => {
    to.line('weight', server.weight);
    to.line('lvs_method', ...forwardingWords(server.forwarding));
    if (server.upperThreshold !== 0) to.line('uthreshold', server.upperThreshold);
    if (server.lowerThreshold !== 0) to.line('lthreshold', server.lowerThreshold);
    to.boolean('inhibit_on_failure', server.inhibitOnFailure);
    to.boolean('alpha', server.alpha);
    to.script('notify_up', server.notifyUp);
    to.script('notify_down', server.notifyDown);
    to.boolean('smtp_alert', server.smtpAlert);
    to.value('virtualhost', server.virtualhost);
    to.value('snmp_name', server.snmpName);
    for (const checker of server.checkers) printChecker(to, checker);
  });
}

function printChecker(to: ConfigWriter, checker: Checker): void {
  to.block(checker.kind, () => {
    if (checker.kind === 'BFD_CHECK') to.boolean('alpha', checker.schedule.alpha);
    else if (checker.kind !== 'FILE_CHECK') printSchedule(to, checker.schedule);
    switch (checker.kind) {
      case 'TCP_CHECK':
        return printConnect(to, checker.connect);
      case 'HTTP_GET':
      case 'SSL_GET':
        printConnect(to, checker.connect);
        to.value('virtualhost', checker.virtualhost);
        to.line('http_protocol', checker.httpProtocol);
        to.boolean('enable_sni', checker.enableSni);
        to.value('sni_name', checker.sniName);
        to.boolean('fast_recovery', checker.fastRecovery);
        for (const url of checker.urls) printUrl(to, url);
        return;
      case 'MISC_CHECK':
        to.line('misc_path', quotedCommand(checker.script.command));
        to.line('misc_timeout', checker.timeout);
        to.flag('misc_dynamic', checker.dynamic);
        if (checker.script.user !== undefined) to.line('user', ...userWords(checker.script.user).map(quotedWord));
        return;
      default:
        if (checker.connect !== undefined) printConnect(to, checker.connect);
        for (const setting of checker.settings) to.written(setting);
    }
  });
}

function printSchedule(to: ConfigWriter, schedule: CheckSchedule): void {
  to.line('delay_loop', schedule.delayLoop);
  to.line('warmup', schedule.warmup);
  to.line('retry', schedule.retry);
  to.line('delay_before_retry', schedule.delayBeforeRetry);
  to.boolean('alpha', schedule.alpha);
  to.boolean('log_all_failures', schedule.logAllFailures);
}

function printConnect(to: ConfigWriter, connect: ConnectOptions): void {
  to.line('connect_ip', connect.address);
  if (connect.port !== 0) to.line('connect_port', connect.port);
  if (connect.bindTo !== undefined && familyOf(connect.bindTo) === familyOf(connect.address)) {
    to.line('bindto', connect.bindTo);
  }
  to.value('bind_port', connect.bindPort);
  to.value('bind_if', connect.bindIf);
  to.line('connect_timeout', connect.timeout);
  if (connect.fwmark !== 0) to.line('fwmark', connect.fwmark);
}

function printUrl(to: ConfigWriter, url: HttpUrl): void {
  to.block('url', () => {
    to.value('path', url.path);
    to.value('digest', url.digest);
    to.line(
      'status_code',
      ...url.statusCodes.map((each) => (each.first === each.last ? `${each.first}` : `${each.first}-${each.last}`)),
    );
    to.value('virtualhost', url.virtualhost);
    to.boolean('tls_compliant', url.tlsCompliant);
    const { regex } = url;
    if (regex === undefined) return;
    to.line('regex', quotedCommand(regex.pattern));
    to.flag('regex_no_match', regex.negate);
    if (regex.options.length > 0) to.line('regex_options', ...regex.options);
    to.value('regex_min_offset', regex.minOffset);
    to.value('regex_max_offset', regex.maxOffset);
    if (regex.stack !== undefined) to.line('regex_stack', regex.stack.start, regex.stack.max);
  });
}
