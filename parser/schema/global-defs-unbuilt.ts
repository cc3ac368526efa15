/**
 * The words of global_defs that lvsd knows and does not act on yet (keepalived.md 7): mail, process names, reload
 * control, VRRP defaults, SNMP, DBus, buffers.
 *
 * One row a word. A word that gets built moves to global-defs.ts or to the VRRP side's own file.
 */
import { NO_MAIL } from './cures.js';
import { unbuiltWord } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { type Argument, argument, type Keyword, type KeywordText } from './keyword.js';
import { MAX_MARK, MAX_UNSIGNED } from './limits.js';

type Row = readonly [name: string, args: readonly Argument[], doc: string, more?: Partial<KeywordText>];

const { text, number, seconds, optional, repeated, boolean, choice } = argument;
const name = [text('NAME')];
const secs = (min: number, max: number): readonly Argument[] => [seconds('SECS', min, max)];
const count = (min: number, max: number): readonly Argument[] => [number('N', min, max)];
const newer = { since: 'after 2.2.7' };
const LONG = 4294.967295;

const mail: readonly Row[] = [
  ['notification_email', [], 'Who gets mail.', { opens: 'notification_email' }],
  ['notification_email_from', [text('ADDRESS')], 'Sender of mail.', { default: 'user@host' }],
  ['smtp_server', [text('HOST'), optional(number('PORT', 1, 65535))], 'Mail server.', { default: 'port 25' }],
  ['smtp_helo_name', name, 'Name that HELO gives.', { default: 'host name' }],
  ['smtp_connect_timeout', secs(0, LONG), 'Timeout of the mail server.', { default: '30' }],
  ['no_checker_emails', [boolean], 'Mail for servers only, not for every checker.'],
];

const processes: readonly Row[] = [
  ['process_names', [], 'Names the processes keepalived_vrrp and so on.'],
  ['process_name', [optional(text('NAME', 'at most 15 characters'))], 'Name of the parent process.'],
  [
    'checker_process_name',
    name,
    'Name of the checker process.',
    {
      aliases: [
        {
          name: 'lvs_process_name',
          deprecated: "'lvs_process_name' is deprecated - please use 'checker_process_name'",
        },
      ],
    },
  ],
  ['set_supplementary_groups', [], 'Scripts get the supplementary groups of their user.', newer],
  ['data_use_instance', [boolean], 'Puts the instance into the names of dump files.'],
  ['stats_dump_file', [text('PATH')], 'File of the dump of SIGUSR2.', { ...newer, default: '/tmp/keepalived.stats' }],
  ['json_dump_file', [text('PATH')], 'File of the JSON dump.', { ...newer, default: '/tmp/keepalived.json' }],
  ['json_version', count(1, 2), 'Form of the JSON dump.', { ...newer, default: '1' }],
  ['iproute_usr_dir', [text('PATH')], 'Where rt_tables and the like are read.', newer],
  ['iproute_etc_dir', [text('PATH')], 'Where rt_tables and the like are read.', newer],
  ['max_auto_priority', [optional(number('PRIORITY', -1, 99))], 'Raises the real-time priority when late.'],
  [
    'min_auto_priority_delay',
    count(1, 10000000),
    'Lateness that raises the priority, microseconds.',
    { default: '1000000' },
  ],
  ['checker_cpu_affinity', [repeated(number('CPU', 0, 8191))], 'CPUs of the checker.', { default: 'all' }],
  [
    'checker_rlimit_rttime',
    count(1, MAX_UNSIGNED),
    'RLIMIT_RTTIME of the checker, microseconds.',
    {
      default: '10000',
      aliases: [
        {
          name: 'checker_rlimit_rtime',
          deprecated: "Keyword 'checker_rlimit_rtime' is deprecated - please use 'checker_rlimit_rttime'",
        },
      ],
    },
  ],
  ['reload_time_file', [text('PATH')], 'File that says when to reload.'],
  ['reload_repeat', [boolean], 'Keeps the reload time for the next day.'],
  ['reload_file', [optional(text('PATH'))], 'While this file exists loads are held.'],
  ['config_save_dir', [text('PATH')], 'Where consolidated configurations are saved.'],
  ['tmp_config_directory', [text('PATH')], 'Where the snapshot of the file is written.', { default: 'a memfd' }],
  ['lvs_netlink_cmd_rcv_bufs', count(0, MAX_UNSIGNED), 'Receive buffer of the IPVS command socket, bytes.'],
  ['lvs_netlink_cmd_rcv_bufs_force', [boolean], 'Sets that buffer beyond the system limit.'],
  ['lvs_netlink_monitor_rcv_bufs', count(0, MAX_UNSIGNED), 'Receive buffer of the monitor socket, bytes.'],
  ['lvs_netlink_monitor_rcv_bufs_force', [boolean], 'Sets that buffer beyond the system limit.'],
  ['process_monitor_rcv_bufs', count(0, MAX_UNSIGNED), 'Receive buffer of the process monitor, bytes.'],
  ['process_monitor_rcv_bufs_force', [boolean], 'Sets that buffer beyond the system limit.'],
  ['snmp_vs_stats_update_interval', secs(0.001, 30), 'How long SNMP keeps counters of services.', newer],
  ['snmp_rs_stats_update_interval', secs(0.001, 30), 'How long SNMP keeps counters of servers.', newer],
  ['snmp_socket', [text('ADDRESS')], 'AgentX socket.'],
  [
    'enable_snmp_vrrp',
    [],
    'The VRRP MIB of keepalived.',
    {
      aliases: [
        {
          name: 'enable_snmp_keepalived',
          deprecated: "'enable_snmp_keepalived' is deprecated - please use 'enable_snmp_vrrp'",
        },
      ],
    },
  ],
  ['enable_snmp_checker', [], 'The checker MIB of keepalived.'],
  ['enable_snmp_rfc', [], 'The RFC MIBs.'],
  ['enable_snmp_rfcv2', [], 'The MIB of RFC 2787.'],
  ['enable_snmp_rfcv3', [], 'The MIB of RFC 6527.'],
  ['enable_traps', [], 'SNMP traps.'],
  ['enable_dbus', [], 'DBus.'],
  ['dbus_service_name', name, 'Bus name.', { default: 'org.keepalived.Vrrp1' }],
  ['dbus_no_interface_name', name, 'Path element of instances without interface.', newer],
];

const vrrp: readonly Row[] = [
  ['smtp_alert_vrrp', [boolean], 'Default of smtp_alert of VRRP.'],
  ['no_email_faults', [], 'No mail on FAULT.'],
  ['vrrp_process_name', name, 'Name of the VRRP process.'],
  ['bfd_process_name', name, 'Name of the BFD process.'],
  ['vrrp_priority', [number('NICE', -20, 19)], 'Nice value of the VRRP process.'],
  ['bfd_priority', [number('NICE', -20, 19)], 'Nice value of the BFD process.'],
  ['vrrp_no_swap', [], 'Keeps the VRRP process in memory.'],
  ['bfd_no_swap', [], 'Keeps the BFD process in memory.'],
  ['vrrp_rt_priority', count(1, 99), 'Real-time priority of the VRRP process.'],
  ['bfd_rt_priority', count(1, 99), 'Real-time priority of the BFD process.'],
  ['vrrp_cpu_affinity', [repeated(number('CPU', 0, 8191))], 'CPUs of the VRRP process.'],
  ['bfd_cpu_affinity', [repeated(number('CPU', 0, 8191))], 'CPUs of the BFD process.'],
  [
    'vrrp_rlimit_rttime',
    count(1, MAX_UNSIGNED),
    'RLIMIT_RTTIME of the VRRP process.',
    {
      aliases: [
        {
          name: 'vrrp_rlimit_rtime',
          deprecated: "Keyword 'vrrp_rlimit_rtime' is deprecated - please use 'vrrp_rlimit_rttime'",
        },
      ],
    },
  ],
  [
    'bfd_rlimit_rttime',
    count(1, MAX_UNSIGNED),
    'RLIMIT_RTTIME of the BFD process.',
    {
      aliases: [
        {
          name: 'bfd_rlimit_rtime',
          deprecated: "Keyword 'bfd_rlimit_rtime' is deprecated - please use 'bfd_rlimit_rttime'",
        },
      ],
    },
  ],
  ['default_interface', [text('INTERFACE')], 'Interface of static addresses.', { default: 'eth0' }],
  ['dynamic_interfaces', [optional(choice('OPTION', ['allow_if_changes']))], 'Interfaces may come and go.'],
  ['disable_local_igmp', [], 'No IGMP for the VRRP groups.'],
  ['vrrp_mcast_group4', [text('ADDRESS')], 'IPv4 group of adverts.', { default: '224.0.0.18' }],
  ['vrrp_mcast_group6', [text('ADDRESS')], 'IPv6 group of adverts.', { default: 'ff02::12' }],
  ['vrrp_version', count(2, 3), 'VRRP version.', { default: '2' }],
  ['vrrp_garp_master_delay', secs(0, LONG), 'Delay before the second burst of gratuitous ARP.', { default: '5' }],
  ['vrrp_garp_master_repeat', count(0, MAX_UNSIGNED), 'Packets of a burst.', { default: '5' }],
  ['vrrp_garp_master_refresh', secs(0, LONG), 'Period of gratuitous ARP as master.', { default: '0 (never)' }],
  ['vrrp_garp_master_refresh_repeat', count(0, MAX_UNSIGNED), 'Packets of a refresh.', { default: '1' }],
  ['vrrp_garp_lower_prio_delay', secs(0, LONG), 'Delay after an advert of lower priority.'],
  ['vrrp_garp_lower_prio_repeat', count(0, MAX_UNSIGNED), 'Packets after an advert of lower priority.'],
  ['vrrp_garp_interval', secs(0.000001, LONG), 'Space between gratuitous ARP packets.'],
  ['vrrp_gna_interval', secs(0.000001, LONG), 'Space between unsolicited neighbour advertisements.'],
  ['vrrp_min_garp', [boolean], 'As few gratuitous ARP packets as possible.'],
  [
    'vrrp_garp_extra_if',
    [text('all|SECS'), optional(number('SECS', 1, 86400))],
    "Gratuitous ARP on the VMAC's other interfaces.",
    {
      aliases: [
        {
          name: 'vrrp_vmac_garp_intvl',
          deprecated: 'Keyword "vrrp_vmac_garp_intvl" is deprecated - please use "vrrp_garp_extra_if"',
          counts: true,
        },
      ],
    },
  ],
  ['vrrp_down_timer_adverts', count(1, 100), 'Missed adverts before taking over.', { default: '3' }],
  ['vrrp_lower_prio_no_advert', [boolean], 'No answer to an advert of lower priority.'],
  ['vrrp_higher_prio_send_advert', [boolean], 'One advert before going to backup.'],
  ['vrrp_owner_ignore_adverts', [boolean], "The owner ignores others' adverts.", newer],
  ['vrrp_check_unicast_src', [], 'Drops unicast adverts of unknown peers.'],
  ['vrrp_skip_check_adv_addr', [boolean], 'Checks the addresses of an advert only for a new sender.'],
  ['vrrp_strict', [boolean], 'Strict VRRP.'],
  ['vrrp_notify_priority_changes', [boolean], 'Notifies of priority changes.'],
  ['vrrp_iptables', [optional(text('IN')), optional(text('OUT'))], 'iptables chains of VRRP.'],
  ['vrrp_ipsets', [optional(repeated(text('NAME')))], 'ipsets of VRRP.'],
  ['nftables', [optional(text('TABLE'))], 'nftables table of VRRP.', { default: 'keepalived' }],
  ['nftables_priority', [number('N', -2147483648, 2147483647)], 'Priority of the chains.', { default: '-1' }],
  ['nftables_ifindex', [], 'Rules match interfaces by index.'],
  ['nftables_counters', [], 'Rules count.'],
  ['vrrp_rx_bufs_policy', [repeated(text('POLICY', 'MTU, ADVERT or a number'))], 'Size of receive buffers.'],
  ['vrrp_rx_bufs_multiplier', count(1, MAX_UNSIGNED), 'Size of receive buffers.', { default: '3' }],
  ['vrrp_startup_delay', secs(0.001, LONG), 'Wait before VRRP starts.'],
  ['vrrp_delay_after_boot', secs(0, LONG), 'Wait after boot before VRRP starts.', newer],
  ['log_unknown_vrids', [], 'Logs each unknown VRID.'],
  ['vmac_prefix', [text('PREFIX')], 'Prefix of VMAC interfaces.', { default: 'vrrp' }],
  ['vmac_addr_prefix', [text('PREFIX')], 'Prefix of VMAC interfaces of addresses.'],
  ['v3_checksum_as_v2', [boolean], 'VRRPv3 checksum without pseudo header.', newer],
  ['vrrp_netlink_cmd_rcv_bufs', count(0, MAX_UNSIGNED), 'Receive buffer, bytes.'],
  ['vrrp_netlink_cmd_rcv_bufs_force', [boolean], 'Sets that buffer beyond the system limit.'],
  ['vrrp_netlink_monitor_rcv_bufs', count(0, MAX_UNSIGNED), 'Receive buffer, bytes.'],
  ['vrrp_netlink_monitor_rcv_bufs_force', [boolean], 'Sets that buffer beyond the system limit.'],
  ['vrrp_notify_fifo', [text('PATH'), optional(text('USER')), optional(text('GROUP'))], 'FIFO for VRRP events.'],
  ['vrrp_notify_fifo_script', [argument.script], 'Program that reads that FIFO.'],
  ['fifo_write_vrrp_states_on_reload', [boolean], 'Writes the states again after a reload.'],
];

const nftables: readonly Row[] = [
  [
    'nftables_ipvs',
    [optional(text('TABLE'))],
    'Groups as nft sets with one fwmark service.',
    { default: 'off; keepalived_ipvs' },
  ],
  ['nftables_ipvs_priority', [number('N', -2147483648, 2147483647)], 'Priority of the chain.', { default: '-1' }],
  ['nftables_ipvs_start_fwmark', count(1, MAX_MARK), 'First mark used.', { default: '1000' }],
];

function rows(
  of: readonly Row[],
  decides: 'traffic' | 'none',
  cure: string,
  vrrpSide: boolean,
): Keyword<GlobalDraft>[] {
  return of.map(([word, args, doc, more]) =>
    unbuiltWord<GlobalDraft>({ name: word, doc, ...more, unbuilt: { decides, cure, vrrpSide } }, args),
  );
}

export function unbuiltGlobalWords(): Keyword<GlobalDraft>[] {
  return [
    ...rows(mail, 'none', NO_MAIL, false),
    ...rows(processes, 'none', 'lvsd does not act on this word yet; it runs without it.', false),
    ...rows(vrrp, 'none', 'lvsd runs no VRRP yet; the word waits for it.', true),
    ...rows(
      nftables,
      'traffic',
      'lvsd makes one IPVS service for every address of a group instead of one fwmark service: take the word out to agree to that, or start with --ignore-unbuilt.',
      false,
    ),
    {
      name: 'include_check',
      arguments: [argument.repeated(argument.text('CHECK', '[+|-]read, match, wildcard_match, brace_match'))],
      default: 'none',
      doc: 'What plain include lines must find; the reader of files acts on it.',
      effect: { acts: true, bind: () => undefined },
    },
  ];
}
