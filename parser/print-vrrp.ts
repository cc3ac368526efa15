/**
 * The blocks of the VRRP side as text: virtual routers, their groups, static addresses, routes and rules (print.ts).
 *
 * Every value is written out, whether it was inherited, assumed or put right, so that the text stands by itself.
 */
import type { Config } from '../config/config.js';
import type {
  InstanceScripts,
  StateScripts,
  VrrpConfig,
  VrrpDevice,
  VrrpInstance,
  VrrpSyncGroup,
} from '../config/vrrp.js';
import { addressWords, routeWords, ruleWords } from './print-routing.js';
import { printTracking } from './print-trackers.js';
import { type ConfigWriter, quotedWord } from './print-writer.js';

export function printVrrp(to: ConfigWriter, config: Config): void {
  const { vrrp } = config;
  for (const group of vrrp.trackGroups.values()) {
    to.block(`track_group ${quotedWord(group.name)}`, () => printNames(to, 'group', group.members));
  }
  printStatic(to, vrrp);
  printInterfaces(to, vrrp);
  for (const instance of vrrp.instances.values()) printInstance(to, instance, config);
  for (const group of vrrp.syncGroups.values()) printSyncGroup(to, group);
}

function printNames(to: ConfigWriter, word: string, names: readonly string[]): void {
  to.block(word, () => {
    for (const name of names) to.line(quotedWord(name));
  });
}

function printLines<T>(
  to: ConfigWriter,
  word: string,
  list: readonly T[],
  words: (of: T) => (string | number)[],
): void {
  if (list.length === 0) return;
  to.block(word, () => {
    for (const each of list) to.line(...words(each));
  });
}

function printStatic(to: ConfigWriter, vrrp: VrrpConfig): void {
  printLines(to, 'static_ipaddress', vrrp.staticAddresses, addressWords);
  printLines(to, 'static_routes', vrrp.staticRoutes, routeWords);
  printLines(to, 'static_rules', vrrp.staticRules, ruleWords);
}

function printInterfaces(to: ConfigWriter, vrrp: VrrpConfig): void {
  for (const group of vrrp.garpGroups) {
    to.block('garp_group', () => {
      to.value('garp_interval', group.garpInterval);
      to.value('gna_interval', group.gnaInterval);
      printLines(to, 'interfaces', group.interfaces, ({ name }) => [quotedWord(name)]);
    });
  }
  printLines(to, 'interface_up_down_delays', vrrp.interfaceDelays, ({ name, down, up }) => [
    quotedWord(name),
    down,
    up,
  ]);
}

function printScripts(to: ConfigWriter, scripts: StateScripts): void {
  to.script('notify_master', scripts.master);
  to.script('notify_backup', scripts.backup);
  to.script('notify_fault', scripts.fault);
  to.script('notify_stop', scripts.stop);
  to.script('notify', scripts.any);
}

function printSyncGroup(to: ConfigWriter, group: VrrpSyncGroup): void {
  to.block(`vrrp_sync_group ${quotedWord(group.name)}`, () => {
    printNames(to, 'group', group.members);
    to.flag('sync_group_tracking_weight', group.trackingWeight);
    printTracking(to, group.tracking);
    printScripts(to, group.scripts);
    to.boolean('notify_priority_changes', group.notifyPriorityChanges);
    to.boolean('smtp_alert', group.smtpAlert);
  });
}

function printInstance(to: ConfigWriter, instance: VrrpInstance, config: Config): void {
  to.block(`vrrp_instance ${quotedWord(instance.name)}`, () => {
    to.line('version', instance.version);
    to.value('vrf', instance.vrf);
    to.value('interface', instance.interface);
    to.line('virtual_router_id', instance.virtualRouterId);
    to.line('state', instance.initialState);
    to.line('priority', instance.priority);
    to.line('advert_int', instance.advertInterval);
    to.line('down_timer_adverts', instance.downTimerAdverts);
    to.boolean('strict_mode', instance.strict);
    to.flag('nopreempt', !instance.preempt);
    if (instance.preemptDelay > 0) to.line('preempt_delay', instance.preemptDelay);
    to.line(instance.accept ? 'accept' : 'no_accept');
    printTransport(to, instance, config);
    printDevice(to, instance.device);
    to.flag('use_vmac_addr', instance.vmacForAddresses);
    printHeld(to, instance);
    printTracked(to, instance);
    printSecrets(to, instance);
    printGarp(to, instance);
    printRules(to, instance);
    printEvents(to, instance.scripts, instance);
  });
}

function printTransport(to: ConfigWriter, instance: VrrpInstance, config: Config): void {
  const { transport } = instance;
  const unicast = transport.kind === 'unicast';
  to.value(unicast ? 'unicast_src_ip' : 'mcast_src_ip', instance.sourceAddress);
  to.flag('track_src_ip', instance.trackSource);
  const known = instance.addresses.length > 0 || instance.sourceAddress !== undefined;
  if (!unicast) {
    const { multicastGroup4, multicastGroup6 } = config.global.vrrpDefaults;
    const inherited = instance.family === 'inet' ? (multicastGroup4 ?? '224.0.0.18') : (multicastGroup6 ?? 'ff02::12');
    if (transport.group !== inherited || !known) to.value('mcast_dst_ip', transport.group);
    return;
  }
  if (!known && transport.peers.length === 0 && instance.family === 'inet6') to.line('native_ipv6');
  printLines(to, 'unicast_peer', transport.peers, ({ address, minTtl, maxTtl }) => [
    address,
    ...(minTtl === undefined ? [] : ['min_ttl', minTtl]),
    ...(maxTtl === undefined ? [] : ['max_ttl', maxTtl]),
  ]);
  to.value('unicast_ttl', transport.ttl);
  to.boolean('check_unicast_src', transport.checkSource);
  to.flag('unicast_fault_no_peer', transport.faultWithoutPeers);
  if (transport.oldChecksum === 'always') to.line('old_unicast_checksum');
  else if (transport.oldChecksum === 'never') to.line('old_unicast_checksum', 'never');
}

function printDevice(to: ConfigWriter, device: VrrpDevice): void {
  switch (device.kind) {
    case 'interface':
      return;
    case 'vmac':
      to.line(
        'use_vmac',
        ...(device.name === undefined ? [] : ['name', quotedWord(device.name)]),
        ...(device.mac === undefined ? [] : [device.mac]),
        ...(device.group === undefined ? [] : ['group', quotedWord(device.group)]),
        ...(device.netlinkNotify ? ['netlink_notify_msg'] : []),
      );
      to.flag('vmac_xmit_base', device.transmitOnBase);
      return;
    case 'ipvlan': {
      const { address } = device;
      to.line(
        'use_ipvlan',
        ...(device.name === undefined ? [] : ['name', quotedWord(device.name)]),
        device.mode,
        ...(address === undefined ? [] : [`${address.address}/${address.prefix}`]),
        ...(device.group === undefined ? [] : ['group', quotedWord(device.group)]),
      );
    }
  }
}

function printHeld(to: ConfigWriter, instance: VrrpInstance): void {
  printLines(to, 'virtual_ipaddress', instance.addresses, addressWords);
  printLines(to, 'virtual_ipaddress_excluded', instance.excludedAddresses, addressWords);
  to.flag('no_virtual_ipaddress', instance.withoutAddresses);
  printLines(to, 'virtual_routes', instance.routes, routeWords);
  printLines(to, 'virtual_rules', instance.rules, ruleWords);
  to.flag('promote_secondaries', instance.promoteSecondaries);
}

function printTracked(to: ConfigWriter, instance: VrrpInstance): void {
  to.flag('dont_track_primary', !instance.trackPrimary);
  to.flag('linkbeat_use_polling', instance.pollLink);
  printTracking(to, instance.tracking);
}

function printSecrets(to: ConfigWriter, instance: VrrpInstance): void {
  const { authentication, hmac } = instance;
  if (authentication.kind !== 'none') {
    to.block('authentication', () => {
      to.line('auth_type', authentication.kind);
      to.value('auth_pass', authentication.password);
    });
  }
  if (hmac === undefined) return;
  to.block('auth_hmac', () => {
    for (const [id, value] of hmac.keys) to.line('key', id, quotedWord(value));
    to.value('active_key', hmac.activeKey);
    to.value('time_window', hmac.timeWindow);
    to.value('anti_replay', hmac.antiReplay);
    to.value('mode', hmac.mode);
  });
}

function printGarp(to: ConfigWriter, { garp }: VrrpInstance): void {
  to.line('garp_master_delay', garp.delay);
  to.line('garp_master_repeat', garp.repeat);
  to.line('garp_master_refresh', garp.refresh);
  // 0 is what vrrp_min_garp of global_defs leaves; it cannot be written here.
  if (garp.refreshRepeat > 0) to.line('garp_master_refresh_repeat', garp.refreshRepeat);
  to.line('garp_lower_prio_delay', garp.lowerPriorityDelay);
  to.line('garp_lower_prio_repeat', garp.lowerPriorityRepeat);
  to.line('garp_extra_if', ...(garp.extraAll ? ['all'] : []), garp.extraInterval);
}

function printRules(to: ConfigWriter, instance: VrrpInstance): void {
  to.boolean('lower_prio_no_advert', instance.lowerPriorityNoAdvert);
  to.boolean('higher_prio_send_advert', instance.higherPrioritySendAdvert);
  to.boolean('owner_ignore_adverts', instance.ownerIgnoreAdverts);
  to.boolean('skip_check_adv_addr', instance.skipCheckAdvertAddresses);
  to.boolean('v3_checksum_as_v2', instance.checksumV3AsV2);
  to.value('timer_expired_backup', instance.timerExpiredBackup);
  to.value('kernel_rx_buf_size', instance.receiveBuffer);
  if (instance.debug > 0) to.line('debug', instance.debug);
}

function printEvents(to: ConfigWriter, scripts: InstanceScripts, instance: VrrpInstance): void {
  printScripts(to, scripts);
  to.script('notify_master_rx_lower_pri', scripts.masterReceivesLowerPriority);
  if (scripts.deleted !== undefined) to.script('notify_deleted', scripts.deleted);
  else to.flag('notify_deleted', instance.notifyDeleted);
  to.boolean('smtp_alert', instance.smtpAlert);
  to.boolean('notify_priority_changes', instance.notifyPriorityChanges);
}
