/**
 * What the kernel's refusals mean, in keepalived's log form and in plain words.
 *
 * Operators grep `IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Destination already exists(17)` (keepalived.md 17): names
 * and numbers are those of the old setsockopt interface, though netlink is spoken; the words are libipvs's. What stands
 * behind it in parentheses is lvsd's: which object, and what to do.
 */
import { errno } from '../native/system-call-error.js';
import type { NetlinkError } from '../netlink/netlink-error.js';
import { destinationKeyText } from './model.js';
import type { Operation, OperationKind } from './operations.js';

/** The commands as keepalived logs them. */
export type LoggedCommand = OperationKind | 'zero' | 'flush' | 'set-timeouts' | 'start-daemon' | 'stop-daemon';

const ENOPROTOOPT = 92;
const EAFNOSUPPORT = 97;
const ERANGE = 34;

/** IP_VS_SO_SET_* of linux/ip_vs.h. */
const names: Readonly<Record<LoggedCommand, string>> = {
  'new-service': 'IP_VS_SO_SET_ADD(1154)',
  'set-service': 'IP_VS_SO_SET_EDIT(1155)',
  'del-service': 'IP_VS_SO_SET_DEL(1156)',
  flush: 'IP_VS_SO_SET_FLUSH(1157)',
  'new-dest': 'IP_VS_SO_SET_ADDDEST(1159)',
  'del-dest': 'IP_VS_SO_SET_DELDEST(1160)',
  'set-dest': 'IP_VS_SO_SET_EDITDEST(1161)',
  'set-timeouts': 'IP_VS_SO_SET_TIMEOUT(1162)',
  'start-daemon': 'IP_VS_SO_SET_STARTDAEMON(1163)',
  'stop-daemon': 'IP_VS_SO_SET_STOPDAEMON(1164)',
  zero: 'IP_VS_SO_SET_ZERO(1167)',
};

/** libipvs's words for an errno of a command (keepalived logs them through ipvs_strerror). */
export function refusalWords(command: LoggedCommand, number: number): string {
  switch (command) {
    case 'new-service':
      if (number === errno.EEXIST) return 'Service already exists';
      if (number === errno.ENOENT) return 'Scheduler or persistence engine not found';
      break;
    case 'set-service':
      if (number === errno.ESRCH) return 'No such service';
      if (number === errno.ENOENT) return 'Scheduler or persistence engine not found';
      break;
    case 'del-service':
    case 'zero':
      if (number === errno.ESRCH) return 'No such service';
      break;
    case 'new-dest':
      if (number === errno.ESRCH) return 'Service not defined';
      if (number === errno.EEXIST) return 'Destination already exists';
      break;
    case 'set-dest':
    case 'del-dest':
      if (number === errno.ESRCH) return 'Service not defined';
      if (number === errno.ENOENT) return 'No such destination';
      break;
    case 'start-daemon':
      if (number === errno.EEXIST) return 'Daemon has already run';
      break;
    case 'stop-daemon':
      if (number === errno.ESRCH) return 'No daemon is running';
      break;
    case 'flush':
    case 'set-timeouts':
      break;
  }
  switch (number) {
    case errno.EPERM:
      return 'Permission denied (you must be root)';
    case errno.EINVAL:
      return 'Invalid operation.  Possibly wrong module version, address not unicast, ...';
    case ENOPROTOOPT:
      return 'Protocol not available';
    case errno.ENOMEM:
      return 'Memory allocation problem';
    case errno.EOPNOTSUPP:
      return 'Operation not supported with IPv6';
    case EAFNOSUPPORT:
      return 'Operation not supported with specified address family';
    case errno.EMSGSIZE:
      return 'Module is wrong version';
    default:
      return 'Unknown error';
  }
}

/** keepalived's log line, with lvsd's explanation in parentheses behind it. */
export function refusalLine(command: LoggedCommand, number: number, explanation: string): string {
  return `IPVS cmd ${names[command]} error: ${refusalWords(command, number)}(${number}) (${explanation})`;
}

/** What an operation was about, for people. */
function subject(operation: Operation): string {
  return 'destination' in operation
    ? `${destinationKeyText(operation.destination)} of VS ${operation.serviceText}`
    : `VS ${operation.serviceText}`;
}

/** Why an operation was refused and what to do, in plain words. */
export function explainRefusal(operation: Operation, error: NetlinkError): string {
  return `${subject(operation)}: ${cause(operation, error)}`;
}

function cause(operation: Operation, error: NetlinkError): string {
  const kernel = error.extack.text === undefined ? '' : `; the kernel says "${error.extack.text}"`;
  switch (error.errno) {
    case 0:
      return 'the kernel gave no answer; the table is read again';
    case errno.ENOENT:
      if ('settings' in operation) return missingModule(operation.settings) + kernel;
      return `another program removed it${kernel}`;
    case errno.ESRCH:
      return `the kernel does not have this virtual server; another program removed it${kernel}`;
    case errno.EPERM:
      return 'IPVS needs CAP_NET_ADMIN in the initial user namespace: run lvsd as root, not in an unprivileged container';
    case errno.EINVAL:
      return `${invalid(operation)}${kernel}`;
    case ERANGE:
      return `a number is out of range: the weight must be 0..2147483647, lthreshold not above uthreshold, names at most 15 characters${kernel}`;
    case EAFNOSUPPORT:
      return `the kernel has no IPv6 (ipv6.disable=1, or IPVS built without it)${kernel}`;
    case errno.ENOMEM:
      return `the kernel is out of memory${kernel}`;
    default:
      return `${error.errnoName}${kernel}`;
  }
}

function missingModule(settings: {
  readonly scheduler: string;
  readonly persistenceEngine: string | undefined;
}): string {
  const scheduler = `the kernel has no scheduler "${settings.scheduler}": load or install its module (modprobe ip_vs_${settings.scheduler})`;
  if (settings.persistenceEngine === undefined) return `${scheduler}, or choose another lvs_sched`;
  return `${scheduler}, or no persistence engine "${settings.persistenceEngine}" (modprobe ip_vs_pe_${settings.persistenceEngine})`;
}

function invalid(operation: Operation): string {
  switch (operation.kind) {
    case 'new-dest':
    case 'set-dest': {
      const family = operation.service.family === 'inet6' ? 'IPv6' : 'IPv4';
      const mixed = (operation.service.family === 'inet6') !== operation.destination.address.includes(':');
      if (mixed)
        return `a server of another family than its ${family} virtual server must be reached by a tunnel, and never while a sync daemon runs`;
      return 'the address is not unicast or the kernel has no route to it, or the tunnel has no port';
    }
    case 'new-service':
    case 'set-service':
      return 'the kernel does not take these settings (the IPv6 persistence granularity must be 1..128, and a scheduler may refuse a flag)';
    case 'del-service':
    case 'del-dest':
      return 'the kernel does not take this request';
  }
}
