/**
 * The keywords whose blocks hold values, a line each. keepalived 2.2.7 reads these blocks whole, and there what stands
 * between the keyword and its brace is an error of -t (`Block NAME has extra parameters`); anywhere else it is not looked
 * at.
 */
export const valueBlocks: ReadonlySet<string> = new Set([
  'group',
  'interface_up_down_delays',
  'interfaces',
  'linkbeat_interfaces',
  'notification_email',
  'static_ipaddress',
  'static_routes',
  'static_rules',
  'track_bfd',
  'track_file',
  'track_interface',
  'track_process',
  'track_script',
  'unicast_peer',
  'virtual_ipaddress',
  'virtual_ipaddress_excluded',
  'virtual_routes',
  'virtual_rules',
]);
