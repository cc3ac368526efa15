/**
 * Health checkers as the file describes them, with everything inherited already filled in.
 *
 * The order of inheritance is checker, real_server, virtual_server, built-in default (keepalived.md 14.3, 15.1): the
 * parser resolves it, so a reader of this model never looks anywhere else.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Fwmark, Port, Seconds } from '../runtime/units.js';
import type { Position } from './position.js';
import type { Script } from './script.js';

/** When a check runs and how often it may fail (keepalived.md 15.1). */
export interface CheckSchedule {
  readonly delayLoop: Seconds;
  /** The first run comes 1 s + random(0..warmup) after start. */
  readonly warmup: Seconds;
  /** Extra consecutive failures that are needed after a success before the checker is down. */
  readonly retry: number;
  readonly delayBeforeRetry: Seconds;
  /** Starts down and needs one success. */
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
}

/** Where a check connects to and from where (keepalived.md 15.1). */
export interface ConnectOptions {
  readonly address: IpAddress;
  readonly port: Port;
  readonly bindTo: IpAddress | undefined;
  readonly bindPort: Port | undefined;
  readonly bindIf: string | undefined;
  /** SO_MARK on the socket; 0 sets none. */
  readonly fwmark: Fwmark;
  readonly timeout: Seconds;
}

export interface TcpCheck {
  readonly kind: 'TCP_CHECK';
  readonly schedule: CheckSchedule;
  readonly connect: ConnectOptions;
  readonly at: Position;
}

/** An inclusive range of HTTP status codes, 100..599. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export interface UrlRegex {
  readonly pattern: string;
  /** `regex_no_match`: success is that the pattern does not match. */
  readonly negate: boolean;
  /** PCRE2 option words in keepalived's spelling, lower case. */
  readonly options: readonly string[];
  readonly minOffset: number | undefined;
  readonly maxOffset: number | undefined;
  /** `regex_stack START MAX`, bytes; accepted and checked, without effect on how we match. */
  readonly stack: { readonly start: number; readonly max: number } | undefined;
}

export interface HttpUrl {
  readonly path: string;
  /** MD5 of the body, 32 lower case hex digits. */
  readonly digest: string | undefined;
  readonly statusCodes: readonly StatusRange[];
  readonly virtualhost: string | undefined;
  readonly regex: UrlRegex | undefined;
  readonly tlsCompliant: boolean;
  readonly at: Position;
}

export interface HttpCheck {
  readonly kind: 'HTTP_GET' | 'SSL_GET';
  readonly schedule: CheckSchedule;
  readonly connect: ConnectOptions;
  readonly urls: readonly HttpUrl[];
  /** The Host header; undefined means `ip:port`. */
  readonly virtualhost: string | undefined;
  /** 1.0C is HTTP/1.0 with `Connection: close`. */
  readonly httpProtocol: '1.0' | '1.0C' | '1.1';
  readonly enableSni: boolean;
  readonly sniName: string | undefined;
  readonly fastRecovery: boolean;
  readonly at: Position;
}

export interface MiscCheck {
  readonly kind: 'MISC_CHECK';
  readonly schedule: CheckSchedule;
  readonly script: Script;
  readonly timeout: Seconds;
  /** Exit codes 2..255 set the weight to code - 2 (keepalived.md 15.8). */
  readonly dynamic: boolean;
  readonly at: Position;
}

/** A checker that keepalived knows and that lvsd cannot run yet: the server counts as never checked by it. */
export interface UnbuiltCheck {
  readonly kind: 'SMTP_CHECK' | 'DNS_CHECK' | 'UDP_CHECK' | 'PING_CHECK' | 'FILE_CHECK' | 'BFD_CHECK';
  readonly schedule: CheckSchedule;
  /** Undefined for the types that open no connection: FILE_CHECK, BFD_CHECK. */
  readonly connect: ConnectOptions | undefined;
  /** The words of the type's own, as written, one statement each. */
  readonly settings: readonly string[];
  readonly at: Position;
}

export type Checker = TcpCheck | HttpCheck | MiscCheck | UnbuiltCheck;
export type CheckerKind = Checker['kind'];
