/**
 * The words of global_defs for the VRRP side (print-global.ts).
 */
import type { GlobalConfig } from '../config/global.js';
import type { AdvertBuffers, VrrpFirewall } from '../config/global-vrrp.js';
import type { VrrpDefaults } from '../config/vrrp-defaults.js';
import { printBuffer, printFifo } from './print-global-notification.js';
import { type ConfigWriter, quotedWord } from './print-writer.js';

export function printVrrpDefaults(to: ConfigWriter, global: GlobalConfig): void {
  const { vrrp, vrrpDefaults: of } = global;
  to.value('default_interface', of.defaultInterface);
  if (of.dynamicInterfaces !== false)
    to.line('dynamic_interfaces', ...(of.dynamicInterfaces === true ? [] : [of.dynamicInterfaces]));
  to.value('vrrp_mcast_group4', of.multicastGroup4);
  to.value('vrrp_mcast_group6', of.multicastGroup6);
  to.value('vrrp_version', of.version);
  to.value('vrrp_down_timer_adverts', of.downTimerAdverts);
  printGarp(to, of, vrrp.minGarp);
  to.value('vrrp_garp_interval', vrrp.garpInterval);
  to.value('vrrp_gna_interval', vrrp.gnaInterval);
  to.boolean('vrrp_lower_prio_no_advert', of.lowerPriorityNoAdvert);
  to.boolean('vrrp_higher_prio_send_advert', of.higherPrioritySendAdvert);
  to.boolean('vrrp_owner_ignore_adverts', of.ownerIgnoreAdverts);
  to.boolean('vrrp_check_unicast_src', of.checkUnicastSource);
  to.boolean('vrrp_skip_check_adv_addr', of.skipCheckAdvertAddresses);
  to.boolean('vrrp_strict', of.strict);
  to.boolean('vrrp_notify_priority_changes', of.notifyPriorityChanges);
  to.boolean('v3_checksum_as_v2', of.checksumV3AsV2);
  printFirewall(to, vrrp.firewall);
  if (vrrp.advertBuffers !== undefined) to.line('vrrp_rx_bufs_policy', buffersText(vrrp.advertBuffers));
  to.value('vrrp_rx_bufs_multiplier', vrrp.advertBuffersMultiplier);
  to.value('vrrp_startup_delay', vrrp.startupDelay);
  to.value('vrrp_delay_after_boot', vrrp.delayAfterBoot);
  to.flag('disable_local_igmp', vrrp.disableLocalIgmp);
  to.flag('log_unknown_vrids', vrrp.logUnknownVrids);
  to.value('vmac_prefix', vrrp.vmacPrefix);
  to.value('vmac_addr_prefix', vrrp.vmacAddressPrefix);
  printBuffer(to, 'vrrp_netlink_cmd_rcv_bufs', vrrp.commandBuffer);
  printBuffer(to, 'vrrp_netlink_monitor_rcv_bufs', vrrp.monitorBuffer);
  printBuffer(to, 'process_monitor_rcv_bufs', vrrp.processMonitorBuffer);
  printFifo(to, 'vrrp_notify_fifo', vrrp.notifyFifo);
  to.script('vrrp_notify_fifo_script', vrrp.notifyFifoScript);
  if (vrrp.fifoStatesOnReload) to.line('fifo_write_vrrp_states_on_reload', 'true');
}

/** vrrp_min_garp goes first: what stands behind it was said by itself, and a repeat of 0 only it can say. */
function printGarp(to: ConfigWriter, of: VrrpDefaults, minGarp: boolean): void {
  if (minGarp) to.line('vrrp_min_garp', 'true');
  to.value('vrrp_garp_master_delay', of.garpDelay);
  to.value('vrrp_garp_master_repeat', of.garpRepeat);
  to.value('vrrp_garp_master_refresh', of.garpRefresh);
  if (of.garpRefreshRepeat !== 0) to.value('vrrp_garp_master_refresh_repeat', of.garpRefreshRepeat);
  to.value('vrrp_garp_lower_prio_delay', of.garpLowerPriorityDelay);
  to.value('vrrp_garp_lower_prio_repeat', of.garpLowerPriorityRepeat);
  if (of.garpExtraInterval !== undefined)
    to.line('vrrp_garp_extra_if', ...(of.garpExtraAll ? ['all'] : []), of.garpExtraInterval);
}

function printFirewall(to: ConfigWriter, of: VrrpFirewall): void {
  if (of.iptables !== undefined) to.line('vrrp_iptables', ...of.iptables.map(quotedWord));
  if (of.ipsets !== undefined) to.line('vrrp_ipsets', ...of.ipsets.map(quotedWord));
  if (of.table !== undefined) to.line('nftables', ...(of.table === true ? [] : [quotedWord(of.table)]));
  to.value('nftables_priority', of.priority);
  to.flag('nftables_ifindex', of.matchByIndex);
}

function buffersText(of: AdvertBuffers): string | number {
  switch (of.kind) {
    case 'mtu':
      return 'MTU';
    case 'advert':
      return 'ADVERT';
    case 'bytes':
      return of.bytes;
  }
}
