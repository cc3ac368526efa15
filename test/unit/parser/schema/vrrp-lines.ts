/**
 * Files of the VRRP side for the test of every keyword: a block around a line, and good lines where the declaration
 * alone cannot say one.
 */

/** What lines may name. */
const declared = [
  'vrrp_script s {\nscript /bin/x\n}',
  'track_file t {\nfile /t\n}',
  'vrrp_track_process p {\nprocess x\n}',
  'bfd_instance b {\nneighbor_ip 10.1.1.1\n}',
  '',
].join('\n');

const instance = (name: string, vrid: number, line: string): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n10.1.0.9${vrid}\n}\n${line}\n}\n`;

const inInstance = (line: string): string => declared + instance('v', 5, line);
const two = instance('v', 5, '') + instance('w', 6, '');

export const vrrpAround: Readonly<Record<string, (line: string) => string>> = {
  vrrp_instance: inInstance,
  authentication: (line) => inInstance(`authentication {\n${line}\n}`),
  auth_hmac: (line) => inInstance(`auth_hmac {\nkey 9 a\nkey 7 b\n${line}\n}`),
  vrrp_sync_group: (line) => `${declared}${two}vrrp_sync_group g {\ngroup {\nv\nw\n}\n${line}\n}\n`,
  track_group: (line) => `${two}track_group g {\n${line}\n}\n`,
  vrrp_script: (line) => `vrrp_script s {\nscript /bin/x\n${line}\n}\n`,
  track_file: (line) => `track_file t {\n${line.startsWith('file') ? '' : 'file /t'}\n${line}\n}\n`,
  vrrp_track_process: (line) =>
    `vrrp_track_process p {\n${line.startsWith('process') ? '' : 'process x'}\n${line}\n}\n`,
  bfd_instance: (line) => `bfd_instance b {\nneighbor_ip 10.1.1.1\n${line}\n}\n`,
  garp_group: (line) => `garp_group {\ngarp_interval 0.5\n${line}\n}\n`,
};

const peers = 'unicast_peer {\n10.1.0.5\n}';

export const vrrpGoodLines: Readonly<Record<string, string>> = {
  'top level.vrrp_instance': instance('v', 5, ''),
  'top level.vrrp_sync_group': `${two}vrrp_sync_group g {\ngroup {\nv\nw\n}\n}`,
  'top level.vrrp_script': 'vrrp_script s {\nscript /bin/x\n}',
  'top level.vrrp_track_process': 'vrrp_track_process p {\nprocess x\n}',
  'top level.track_file': 'track_file t {\nfile /t\n}',
  'top level.track_group': `${two}track_group g {\ngroup {\nv\n}\n}`,
  'top level.bfd_instance': 'bfd_instance b {\nneighbor_ip 10.1.1.1\n}',
  'top level.static_ipaddress': 'static_ipaddress {\n10.1.0.1/24 dev eth0\n}',
  'top level.static_routes': 'static_routes {\n10.2.0.0/16 via 10.1.0.1 dev eth0\n}',
  'top level.static_rules': 'static_rules {\nfrom 10.1.0.1 preference 7 table 7\n}',
  'top level.garp_group': 'garp_group {\ngarp_interval 0.5\n}',
  'top level.interface_up_down_delays': 'interface_up_down_delays {\neth0 1 2\n}',
  'vrrp_instance.mcast_dst_ip': 'mcast_dst_ip 224.0.0.77',
  'vrrp_instance.track_src_ip': 'mcast_src_ip 10.1.0.77\ntrack_src_ip',
  'vrrp_instance.unicast_peer': peers,
  'vrrp_instance.unicast_src_ip': `${peers}\nunicast_src_ip 10.1.0.77`,
  'vrrp_instance.check_unicast_src': `${peers}\ncheck_unicast_src`,
  'vrrp_instance.unicast_ttl': `${peers}\nunicast_ttl 7`,
  'vrrp_instance.old_unicast_checksum': `${peers}\nold_unicast_checksum never`,
  'vrrp_instance.state': 'state MASTER',
  'vrrp_instance.preempt': 'nopreempt\npreempt',
  'vrrp_instance.accept': 'no_accept\naccept',
  'vrrp_instance.virtual_ipaddress': 'virtual_ipaddress {\n10.1.0.7/24\n}',
  'vrrp_instance.virtual_ipaddress_excluded': 'virtual_ipaddress_excluded {\nfd00::7/64 dev eth1\n}',
  'vrrp_instance.virtual_routes': 'virtual_routes {\n10.2.0.0/16 via 10.1.0.1 dev eth0\n}',
  'vrrp_instance.virtual_rules': 'virtual_rules {\nfrom 10.1.0.1 preference 7 table 7\n}',
  'vrrp_instance.vmac_xmit_base': 'use_vmac\nvmac_xmit_base',
  'vrrp_instance.use_ipvlan': 'use_ipvlan 10.1.0.5/24 private name word7',
  'vrrp_instance.track_interface': 'track_interface {\neth1 weight 7\n}',
  'vrrp_instance.track_script': 'track_script {\ns weight 7\n}',
  'vrrp_instance.track_file': 'track_file {\nt weight 7 reverse\n}',
  'vrrp_instance.track_process': 'track_process {\np\n}',
  'vrrp_instance.track_bfd': 'track_bfd {\nb\n}',
  'vrrp_instance.authentication': 'authentication {\nauth_type PASS\nauth_pass 1234\n}',
  'vrrp_instance.auth_hmac': 'auth_hmac {\nkey 7 secret\n}',
  'vrrp_instance.garp_extra_if': 'garp_extra_if all 7',
  'authentication.auth_type': 'auth_pass 1234\nauth_type AH',
  'authentication.auth_pass': 'auth_type PASS\nauth_pass word7',
  'auth_hmac.key': 'key 8 c',
  'vrrp_sync_group.track_interface': 'track_interface {\neth1\n}',
  'vrrp_sync_group.track_script': 'track_script {\ns\n}',
  'vrrp_sync_group.track_file': 'track_file {\nt\n}',
  'vrrp_sync_group.track_process': 'track_process {\np\n}',
  'vrrp_sync_group.track_bfd': 'track_bfd {\nb\n}',
  'track_group.group': 'group {\nv w\n}',
  'track_file.init_file': 'init_file 7 overwrite',
  'bfd_instance.min_rx': 'min_rx 20.5',
  'bfd_instance.min_tx': 'min_tx 20.5',
  'bfd_instance.idle_tx': 'idle_tx 2000',
  'garp_group.interfaces': 'interfaces {\neth0 eth1\n}',
};

/** Words whose every use is told, or that cannot stand in the block that the test writes. */
export const vrrpToldAnyway: Readonly<Record<string, RegExp>> = {
  'vrrp_instance.native_ipv6': /Cannot specify native_ipv6 with IPv4 addresses$/,
  'vrrp_instance.vrf': /Cannot specify VRF interface and interface - ignoring$/,
  'vrrp_instance.linkbeat_use_polling': /in vrrp instance deprecated/,
  'vrrp_instance.lvs_sync_daemon_interface': /against a vrrp is deprecated/,
  'vrrp_sync_group.group': /Group list already specified/,
  'vrrp_sync_group.global_tracking': /global_tracking is deprecated/,
};

/** Words that change nothing in the block that the test writes; validate-vrrp.test.ts has them where they do. */
export const vrrpTraceless: ReadonlySet<string> = new Set([
  'vrrp_instance.native_ipv6',
  'vrrp_instance.vrf',
  'vrrp_sync_group.group',
]);
