/**
 * IPVS in this kernel: found, allowed, and asked for what is not about one service (info, zero, flush).
 *
 * Resolving the family loads ip_vs if it is a module. Each way in which there is no IPVS for lvsd has its own code and
 * names its cure: none in the kernel, modules of another kernel installed, no permission. Sockets are handed in by
 * whoever opened them in the right network namespace.
 *
 * Source: keepalived.md 17; Linux net/netfilter/ipvs/ip_vs_ctl.c (every command has GENL_ADMIN_PERM, checked against
 * the initial user namespace).
 */
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { errno } from '../native/system-call-error.js';
import { forEachAttribute, readU32 } from '../netlink/attribute.js';
import {
  FamilyError,
  GENL_HEADER_LENGTH,
  type GenericFamily,
  GenericRequests,
  type RequestChannel,
  resolveFamily,
} from '../netlink/generic-netlink.js';
import type { NetlinkMessage } from '../netlink/message.js';
import { LvsdError } from '../runtime/errors.js';
import type { ServiceKey } from './model.js';
import { Command, InfoAttribute, IPVS_FAMILY_NAME } from './numbers.js';
import { type LoggedCommand, refusalLine } from './refusal.js';
import { writeServiceKey } from './service-codec.js';

/** What the file system tells about the running kernel's modules. */
export interface ModuleFacts {
  /** `uname -r` */
  readonly release: string;
  /** /lib/modules/RELEASE is there. */
  readonly installed: boolean;
}

export function readModuleFacts(): ModuleFacts {
  const running = release();
  return { release: running, installed: existsSync(`/lib/modules/${running}`) };
}

/** The error for a kernel that gave no IPVS family; keepalived's line first. */
export function explainAbsence(cause: FamilyError, facts: ModuleFacts): LvsdError {
  const line = "IPVS: Can't initialize ipvs: Protocol not available";
  const fields = { release: facts.release, errno: cause.errno };
  if (cause.errno !== errno.ENOENT) return new LvsdError('LVSD_IPVS_UNREACHABLE', line, { cause, fields });
  if (!facts.installed) {
    return new LvsdError(
      'LVSD_IPVS_OTHER_KERNEL',
      `${line}. The running kernel is ${facts.release}, and its modules are not installed (no /lib/modules/${facts.release}), most often because the kernel was upgraded: reboot into the installed kernel; in a container, load ip_vs on the host`,
      { cause, fields },
    );
  }
  return new LvsdError(
    'LVSD_IPVS_ABSENT',
    `${line}. The kernel ${facts.release} has no IPVS: run "modprobe ip_vs" and look at its message and at dmesg (the module may be blacklisted, unsigned or of another kernel), or install a kernel with CONFIG_IP_VS; in a container, load ip_vs on the host`,
    { cause, fields },
  );
}

export interface IpvsInfo {
  /** `1.2.1` */
  readonly version: string;
  readonly connectionTableSize: number;
}

/** The family and its requests; a refused command becomes an LvsdError LVSD_IPVS_REFUSED with keepalived's line. */
export class IpvsFamily {
  readonly family: GenericFamily;
  /** Makes messages of this family; shared by all who use this object, one batch at a time. */
  readonly requests: GenericRequests;
  readonly #channel: RequestChannel;

  private constructor(channel: RequestChannel, family: GenericFamily) {
    this.#channel = channel;
    this.family = family;
    this.requests = new GenericRequests(family);
  }

  /**
   * Finds IPVS and asks it for its version, which proves permission too.
   * Throws LvsdError LVSD_IPVS_ABSENT, LVSD_IPVS_OTHER_KERNEL, LVSD_IPVS_UNREACHABLE, LVSD_IPVS_PERMISSION.
   */
  static open(channel: RequestChannel, facts: () => ModuleFacts = readModuleFacts): IpvsFamily {
    try {
      const ipvs = new IpvsFamily(channel, resolveFamily(channel, IPVS_FAMILY_NAME));
      ipvs.info();
      return ipvs;
    } catch (error) {
      throw error instanceof FamilyError ? explainAbsence(error, facts()) : error;
    }
  }

  /** The channel that the family was found on. */
  get channel(): RequestChannel {
    return this.#channel;
  }

  info(): IpvsInfo {
    let version = 0;
    let connectionTableSize = 0;
    for (const { payload } of this.ask(Command.GET_INFO, 'reading info', undefined)) {
      forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
        if (type === InfoAttribute.VERSION) version = readU32(payload, start, end) ?? 0;
        else if (type === InfoAttribute.CONN_TAB_SIZE) connectionTableSize = readU32(payload, start, end) ?? 0;
      });
    }
    return { version: `${version >>> 16}.${(version >>> 8) & 255}.${version & 255}`, connectionTableSize };
  }

  /** Sets counters to zero: of one service and its destinations, or of all. */
  zero(service?: ServiceKey): void {
    const message = this.requests.request(
      Command.ZERO,
      service === undefined ? undefined : (into) => writeServiceKey(into, service),
    );
    this.send(message, 'zero', 'zeroing counters');
  }

  /** Empties the whole table of this namespace, foreign services too (`lvs_flush`). */
  flush(): void {
    this.send(this.requests.request(Command.FLUSH), 'flush', 'emptying the table');
  }

  /** One request whose failure is an error. */
  send(message: Uint8Array, command: LoggedCommand | undefined, what: string): readonly NetlinkMessage[] {
    const answer = this.#channel.exchange([message])[0];
    if (answer === undefined) throw new LvsdError('LVSD_INTERNAL', 'A netlink request had no answer: a bug in lvsd');
    if (answer.ok) return answer.replies;
    const { error } = answer;
    const fields = { errno: error.errno, errnoName: error.errnoName };
    if (error.errno === errno.EPERM) {
      throw new LvsdError(
        'LVSD_IPVS_PERMISSION',
        `IPVS: Can't initialize ipvs: Permission denied (you must be root). Every IPVS command, reading too, needs CAP_NET_ADMIN in the initial user namespace: run lvsd as root, not in a rootless container`,
        { cause: error, fields },
      );
    }
    const text = command === undefined ? `IPVS: ${what} failed` : refusalLine(command, error.errno, what);
    throw new LvsdError('LVSD_IPVS_REFUSED', text, { cause: error, fields, retriable: error.retriable });
  }

  /** One question without a body. */
  ask(command: number, what: string, logged: LoggedCommand | undefined): readonly NetlinkMessage[] {
    return this.send(this.requests.request(command), logged, what);
  }
}
