/**
 * Routing rules as the configuration writes them (virtual_rules, static_rules), as messages that add or delete them.
 *
 * Pure codec, writing only. Source: Linux include/uapi/linux/fib_rules.h, net/core/fib_rules.c.
 */
import type { NumberRange, Rule, RuleAction } from '../config/rule.js';
import { familyOf } from '../runtime/addresses.js';
import type { AttributeWriter } from './attribute.js';
import { NLM_F_CREATE, NLM_F_EXCL } from './message.js';
import { encodeRouteMessage, FAMILY_INET, FAMILY_INET6, RTM_DELRULE, RTM_NEWRULE } from './rtnetlink.js';

const HEADER = 12;
const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  GOTO: 4,
  PRIORITY: 6,
  FWMARK: 10,
  FLOW: 11,
  TUN_ID: 12,
  SUPPRESS_IFGROUP: 13,
  SUPPRESS_PREFIXLEN: 14,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  L3MDEV: 19,
  UID_RANGE: 20,
  PROTOCOL: 21,
  IP_PROTO: 22,
  SPORT_RANGE: 23,
  DPORT_RANGE: 24,
} as const;

const ACTION: Readonly<Record<RuleAction['kind'], number>> = {
  table: 1,
  l3mdev: 1,
  goto: 2,
  nop: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
};
const FIB_RULE_INVERT = 2;

/** Adds a rule; the kernel says EEXIST where there is one that is the same in all. */
export function encodeRuleAdd(rule: Rule): Buffer {
  return encode(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

/** Deletes the first rule that is like this one in all that it names; the kernel says ENOENT where there is none. */
export function encodeRuleDelete(rule: Rule): Buffer {
  return encode(RTM_DELRULE, 0, rule);
}

function encode(message: number, flags: number, rule: Rule): Buffer {
  const { action, from, to } = rule;
  const table = action.kind === 'table' ? action.table : 0;
  const header = Buffer.alloc(HEADER);
  header[0] = rule.family === 'inet' ? FAMILY_INET : FAMILY_INET6;
  header[1] = to?.length ?? 0;
  header[2] = from?.length ?? 0;
  header[3] = rule.tos ?? 0;
  header[4] = table < 256 ? table : 0;
  header[7] = ACTION[action.kind];
  header.writeUInt32LE(rule.invert ? FIB_RULE_INVERT : 0, 8);
  return encodeRouteMessage(message, flags, header, (into) => {
    for (const [attribute, prefix] of [[FRA.SRC, from] as const, [FRA.DST, to] as const]) {
      if (prefix === undefined || prefix.length === 0) continue;
      into.address(attribute, prefix.address, familyOf(prefix.address) === 'inet' ? 4 : 16);
    }
    into.u32(FRA.PRIORITY, rule.priority);
    if (rule.protocol !== undefined) into.u8(FRA.PROTOCOL, rule.protocol);
    if (action.kind === 'table') into.u32(FRA.TABLE, table);
    if (action.kind === 'l3mdev') into.u8(FRA.L3MDEV, 1);
    if (action.kind === 'goto') into.u32(FRA.GOTO, action.priority);
    if (rule.fwmark !== undefined) {
      into.u32(FRA.FWMARK, rule.fwmark.mark);
      if (rule.fwmark.mask !== undefined) into.u32(FRA.FWMASK, rule.fwmark.mask);
    }
    if (rule.inputInterface !== undefined) into.string(FRA.IIFNAME, rule.inputInterface);
    if (rule.outputInterface !== undefined) into.string(FRA.OIFNAME, rule.outputInterface);
    if (rule.realms !== undefined) into.u32(FRA.FLOW, rule.realms);
    if (rule.suppressPrefixLength !== undefined) into.u32(FRA.SUPPRESS_PREFIXLEN, rule.suppressPrefixLength);
    if (rule.suppressGroup !== undefined) into.u32(FRA.SUPPRESS_IFGROUP, rule.suppressGroup);
    if (rule.tunnelId !== undefined) {
      const id = Buffer.alloc(8);
      id.writeBigUInt64BE(BigInt(rule.tunnelId));
      into.bytes(FRA.TUN_ID, id);
    }
    if (rule.uids !== undefined) into.pair(FRA.UID_RANGE, rule.uids.first, rule.uids.last);
    if (rule.ipProtocol !== undefined) into.u8(FRA.IP_PROTO, rule.ipProtocol);
    if (rule.sourcePorts !== undefined) writePorts(into, FRA.SPORT_RANGE, rule.sourcePorts);
    if (rule.destinationPorts !== undefined) writePorts(into, FRA.DPORT_RANGE, rule.destinationPorts);
  });
}

/** struct fib_rule_port_range, in the host's order. */
function writePorts(into: AttributeWriter, attribute: number, { first, last }: NumberRange): void {
  into.u32(attribute, (first | (last << 16)) >>> 0);
}
