/**
 * What a configuration asks for and this host's router does not do: one sentence each, so that nothing is ignored in silence.
 *
 * The list is for HostRouter (host-router.ts) alone; what the parser refuses or corrects is told by the parser. Pure.
 */
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import { groupNumber } from './virtual-devices.js';

/** @returns sentences for the log, in the order of the file */
export function notDone(config: VrrpConfig): readonly string[] {
  return [...config.instances.values()].flatMap((instance) =>
    reasons(instance).map((text) => `(${instance.name}) ${text}`),
  );
}

function reasons(instance: VrrpInstance): readonly string[] {
  const { device } = instance;
  const group = 'group' in device ? device.group : undefined;
  return [
    ...(instance.accept
      ? []
      : ['no_accept is not done: a master that is not the owner answers on its addresses; filter them by a firewall']),
    ...(instance.vrf === undefined ? [] : [`vrf ${instance.vrf} is not done: adverts use the main routing table`]),
    ...(instance.garp.extraInterval > 0 ? ['garp_extra_if is not done: no further GARPs on other interfaces'] : []),
    ...(instance.pollLink
      ? ['linkbeat_use_polling is not done here: name the interface in linkbeat_interfaces, if its driver needs it']
      : []),
    ...(device.kind === 'vmac' && device.netlinkNotify
      ? ['netlink_notify_msg is not done: nobody is told of moved MACs']
      : []),
    ...(device.kind !== 'interface' && instance.interface === undefined
      ? [`use_${device.kind} without an interface is not done: adverts use any interface`]
      : []),
    ...(group !== undefined && groupNumber(group) === undefined
      ? [`interface group ${group} is not a number: the VMAC stays in the default group`]
      : []),
  ];
}
