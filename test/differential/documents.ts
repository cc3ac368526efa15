// Small configurations that keepalived 2.2.7 accepts without a word, one for each block of its grammar, each with a
// place for one more line in that block: what the mutations (mutations.ts) start from.

/** A configuration with a place in it. */
export interface Place {
  /** As the schema calls the block: `virtual_server`, `real_server`, `HTTP_GET url`. */
  readonly block: string;
  readonly before: readonly string[];
  /** The lines of the block itself, which mutations replace one by one. */
  readonly lines: readonly string[];
  readonly after: readonly string[];
}

const split = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** From a text in which `<<` and `>>` lines enclose the block's own lines. */
function place(block: string, text: string): Place {
  const lines = split(text);
  const from = lines.indexOf('<<');
  const to = lines.indexOf('>>');
  if (from < 0 || to < from) throw new Error(`the document of ${block} has no place`);
  return { block, before: lines.slice(0, from), lines: lines.slice(from + 1, to), after: lines.slice(to + 1) };
}

const SERVER = 'virtual_server 192.0.2.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP';
const inServer = (block: string, text: string): Place => place(block, `${SERVER}\n${text}\n}`);
const inReal = (block: string, text: string): Place => inServer(block, `real_server 192.0.2.2 80 {\n${text}\n}`);
const checker = (name: string, lines = ''): Place => inReal(name, `${name} {\n<<\n${lines}\n>>\n}`);

const SCRIPT = 'vrrp_script chk {\nscript /bin/true\n}';
const INSTANCE = 'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.10\n}';
const PAIR =
  'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.10\n}\n}\nvrrp_instance VI_2 {\ninterface eth1\nvirtual_router_id 52\nvirtual_ipaddress {\n192.0.2.12\n}\n}';
const SAFE = 'global_defs {\nscript_user root\nenable_script_security\n}';
const inInstance = (block: string, text: string, before = ''): Place =>
  place(block, `${before}\n${INSTANCE}\n${text}\n}`);

/** Every block of keepalived 2.2.7's grammar. */
export const places: readonly Place[] = [
  place('top level', `<<\n>>\n${SERVER}\nreal_server 192.0.2.2 80 {\n}\n}`),
  place('top level of a router', `<<\n>>\n${INSTANCE}\n}`),
  place('global_defs', `global_defs {\n<<\n>>\n}\n${SERVER}\nreal_server 192.0.2.2 80 {\n}\n}`),
  place('global_defs of a router', `global_defs {\n<<\n>>\n}\n${INSTANCE}\n}`),
  place(
    'virtual_server_group',
    `virtual_server_group G {\n<<\n192.0.2.1 80\n>>\n}\nvirtual_server group G {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 192.0.2.2 80 {\n}\n}`,
  ),
  place(
    'virtual_server',
    'virtual_server 192.0.2.1 80 {\n<<\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n>>\nreal_server 192.0.2.2 80 {\n}\n}',
  ),
  place(
    'virtual_server fwmark',
    'virtual_server fwmark 1 {\n<<\nlvs_sched sh\nlvs_method DR\n>>\nreal_server 192.0.2.2 {\n}\n}',
  ),
  place(
    'virtual_server IPv6',
    'virtual_server 2001:db8::1 80 {\n<<\nlvs_sched mh\nlvs_method TUN\nprotocol UDP\n>>\nreal_server 2001:db8::2 80 {\n}\n}',
  ),
  inReal('real_server', '<<\nweight 1\n>>\nTCP_CHECK {\n}'),
  checker('TCP_CHECK', 'connect_timeout 3'),
  inReal('HTTP_GET', 'HTTP_GET {\n<<\n>>\nurl {\npath /\nstatus_code 200\n}\n}'),
  inReal('SSL_GET', 'SSL_GET {\n<<\n>>\nurl {\npath /\nstatus_code 200\n}\n}'),
  inReal('url', 'HTTP_GET {\nurl {\n<<\npath /\nstatus_code 200\n>>\n}\n}'),
  checker('SMTP_CHECK'),
  inReal('host', 'SMTP_CHECK {\nhost {\n<<\nconnect_port 25\n>>\n}\n}'),
  checker('DNS_CHECK'),
  checker('UDP_CHECK'),
  checker('PING_CHECK'),
  place(
    'MISC_CHECK',
    `${SAFE}\n${SERVER}\nreal_server 192.0.2.2 80 {\nMISC_CHECK {\n<<\nmisc_path /bin/true\n>>\n}\n}\n}`,
  ),
  place(
    'FILE_CHECK',
    `track_file tf {\nfile /tmp/tf\n}\n${SERVER}\nreal_server 192.0.2.2 80 {\nFILE_CHECK {\n<<\ntrack_file tf\n>>\n}\n}\n}`,
  ),
  place(
    'BFD_CHECK',
    `bfd_instance b {\nneighbor_ip 192.0.2.9\n}\n${SERVER}\nreal_server 192.0.2.2 80 {\nBFD_CHECK {\n<<\nname b\n>>\n}\n}\n}`,
  ),
  place(
    'SSL',
    `SSL {\n<<\n>>\n}\n${SERVER}\nreal_server 192.0.2.2 80 {\nSSL_GET {\nurl {\npath /\nstatus_code 200\n}\n}\n}\n}`,
  ),
  place(
    'vrrp_script',
    `${SAFE}\nvrrp_script chk {\n<<\nscript /bin/true\n>>\n}\n${INSTANCE}\ntrack_script {\nchk\n}\n}`,
  ),
  place('vrrp_track_process', `vrrp_track_process p {\n<<\nprocess sshd\n>>\n}\n${INSTANCE}\ntrack_process {\np\n}\n}`),
  place('track_file at the top', `track_file tf {\n<<\nfile /tmp/tf\n>>\n}\n${INSTANCE}\ntrack_file {\ntf\n}\n}`),
  place(
    'vrrp_instance',
    'vrrp_instance VI_1 {\n<<\ninterface eth0\nvirtual_router_id 51\n>>\nvirtual_ipaddress {\n192.0.2.10\n}\n}',
  ),
  place(
    'vrrp_instance version 3',
    'vrrp_instance VI_1 {\n<<\ninterface eth0\nvirtual_router_id 51\nversion 3\nstate MASTER\npriority 200\nadvert_int 0.5\nuse_vmac\n>>\nvirtual_ipaddress {\nfe80::10\n}\n}',
  ),
  place(
    'vrrp_instance unicast',
    'vrrp_instance VI_1 {\n<<\ninterface eth0\nvirtual_router_id 51\npriority 100\nunicast_src_ip 198.18.0.0\n>>\nunicast_peer {\n198.18.0.1\n}\nvirtual_ipaddress {\n192.0.2.10\n}\n}',
  ),
  inInstance('authentication', 'authentication {\n<<\nauth_type PASS\nauth_pass 1234\n>>\n}'),
  place(
    'virtual_ipaddress',
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n<<\n192.0.2.10\n>>\n}\n}',
  ),
  inInstance('virtual_ipaddress_excluded', 'virtual_ipaddress_excluded {\n<<\n192.0.2.11\n>>\n}'),
  inInstance('virtual_routes', 'virtual_routes {\n<<\n198.51.100.0/24 via 192.0.2.254 dev eth0\n>>\n}'),
  inInstance('virtual_rules', 'virtual_rules {\n<<\nfrom 192.0.2.0/24 table 100 priority 100\n>>\n}'),
  inInstance('track_interface', 'track_interface {\n<<\nlo\n>>\n}'),
  inInstance('track_script', 'track_script {\n<<\nchk\n>>\n}', `${SAFE}\n${SCRIPT}`),
  inInstance('track_file', 'track_file {\n<<\ntf\n>>\n}', 'track_file tf {\nfile /tmp/tf\n}'),
  inInstance('track_process', 'track_process {\n<<\np\n>>\n}', 'vrrp_track_process p {\nprocess sshd\n}'),
  inInstance('track_bfd', 'track_bfd {\n<<\nb\n>>\n}', 'bfd_instance b {\nneighbor_ip 192.0.2.9\n}'),
  inInstance('unicast_peer', 'unicast_peer {\n<<\n192.0.2.20\n>>\n}'),
  place('vrrp_sync_group', `vrrp_sync_group G {\n<<\n>>\ngroup {\nVI_1\nVI_2\n}\n}\n${PAIR}`),
  place('vrrp_sync_group group', `vrrp_sync_group G {\ngroup {\n<<\nVI_1\nVI_2\n>>\n}\n}\n${PAIR}`),
  place(
    'vrrp_sync_group track_interface',
    `vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\ntrack_interface {\n<<\nlo\n>>\n}\n}\n${PAIR}`,
  ),
  place(
    'vrrp_sync_group track_script',
    `${SAFE}\n${SCRIPT}\nvrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\ntrack_script {\n<<\nchk\n>>\n}\n}\n${PAIR}`,
  ),
  place('static_ipaddress', `static_ipaddress {\n<<\n192.0.2.30/24 dev eth0\n>>\n}\n${INSTANCE}\n}`),
  place('static_routes', `static_routes {\n<<\n198.51.100.0/24 via 192.0.2.254 dev eth0\n>>\n}\n${INSTANCE}\n}`),
  place('static_rules', `static_rules {\n<<\nfrom 192.0.2.0/24 table 100 priority 100\n>>\n}\n${INSTANCE}\n}`),
  place(
    'track_group',
    `track_group T {\ngroup {\n<<\nVI_1\n>>\n}\n}\nstatic_ipaddress {\n192.0.2.30/24 dev eth0 track_group T\n}\n${INSTANCE}\n}`,
  ),
  place('garp_group', `garp_group {\n<<\ngarp_interval 0.1\n>>\ninterface eth0\n}\n${INSTANCE}\n}`),
  place('garp_group interfaces', `garp_group {\ngarp_interval 0.1\ninterfaces {\n<<\neth0\n>>\n}\n}\n${INSTANCE}\n}`),
  place('linkbeat_interfaces', `linkbeat_interfaces {\n<<\neth0\n>>\n}\n${INSTANCE}\n}`),
  place('interface_up_down_delays', `interface_up_down_delays {\n<<\neth0 1\n>>\n}\n${INSTANCE}\n}`),
  place('bfd_instance', `bfd_instance b {\n<<\nneighbor_ip 192.0.2.9\n>>\n}\n${INSTANCE}\ntrack_bfd {\nb\n}\n}`),
];

/** The whole text, with these lines in the place. */
export function documentOf(place: Place, lines: readonly string[]): string {
  return `${[...place.before, ...lines, ...place.after].join('\n')}\n`;
}
