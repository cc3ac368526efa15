/**
 * What global_defs says about telling others: mail, SNMP, D-Bus, FIFOs (keepalived.md 7.1, 7.6, 13.2 to 13.5).
 *
 * Undefined means "not written".
 */
import type { Port, Seconds } from '../runtime/units.js';
import type { Position } from './position.js';
import type { ScriptUser } from './script.js';

export interface MailSettings {
  /** notification_email, in file order; without any there is no mail. */
  readonly recipients: readonly string[];
  readonly from: string | undefined;
  readonly server: MailServer | undefined;
  readonly heloName: string | undefined;
  /** Seconds, at least 1; keepalived's default is 30. */
  readonly connectTimeout: Seconds | undefined;
  /** no_email_faults. */
  readonly notOnFault: boolean;
  /** no_checker_emails. */
  readonly notForCheckers: boolean | undefined;
}

export interface MailServer {
  /** An address or a name. */
  readonly host: string;
  /** 25 unless written. */
  readonly port: Port;
  readonly at: Position;
}

export interface SnmpSettings {
  readonly socket: string | undefined;
  readonly vrrp: boolean;
  readonly checker: boolean;
  readonly rfcV2: boolean;
  readonly rfcV3: boolean;
  readonly traps: boolean;
  /** Seconds, 0.001..30; keepalived's default is 5. */
  readonly virtualServerInterval: Seconds | undefined;
  readonly realServerInterval: Seconds | undefined;
}

export interface DbusSettings {
  readonly enabled: boolean;
  readonly serviceName: string | undefined;
  readonly noInterfaceName: string | undefined;
}

/** A FIFO that events are written to. */
export interface NotifyFifo {
  readonly path: string;
  readonly user: ScriptUser | undefined;
  readonly at: Position;
}
