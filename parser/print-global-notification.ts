/**
 * The words of global_defs that tell others: mail, SNMP, D-Bus; with the forms that other halves share (print-global.ts).
 */
import type { GlobalConfig } from '../config/global.js';
import type { NotifyFifo } from '../config/global-notification.js';
import type { ReceiveBuffer } from '../config/global-process.js';
import { type ConfigWriter, quotedWord, userWords } from './print-writer.js';

export function printNotification(to: ConfigWriter, global: GlobalConfig): void {
  const { mail, snmp, dbus } = global;
  if (mail.recipients.length > 0)
    to.block('notification_email', () => {
      to.list(mail.recipients);
    });
  to.value('notification_email_from', mail.from);
  if (mail.server !== undefined) to.line('smtp_server', quotedWord(mail.server.host), mail.server.port);
  to.value('smtp_helo_name', mail.heloName);
  to.value('smtp_connect_timeout', mail.connectTimeout);
  to.boolean('smtp_alert', global.smtpAlert);
  to.boolean('smtp_alert_checker', global.smtpAlertChecker);
  to.boolean('smtp_alert_vrrp', global.vrrpDefaults.smtpAlert);
  to.flag('no_email_faults', mail.notOnFault);
  to.boolean('no_checker_emails', mail.notForCheckers);
  to.value('snmp_socket', snmp.socket);
  to.flag('enable_snmp_vrrp', snmp.vrrp);
  to.flag('enable_snmp_checker', snmp.checker);
  to.flag('enable_snmp_rfcv2', snmp.rfcV2);
  to.flag('enable_snmp_rfcv3', snmp.rfcV3);
  to.flag('enable_traps', snmp.traps);
  to.value('snmp_vs_stats_update_interval', snmp.virtualServerInterval);
  to.value('snmp_rs_stats_update_interval', snmp.realServerInterval);
  to.flag('enable_dbus', dbus.enabled);
  to.value('dbus_service_name', dbus.serviceName);
  to.value('dbus_no_interface_name', dbus.noInterfaceName);
}

export function printFifo(to: ConfigWriter, word: string, fifo: NotifyFifo | undefined): void {
  if (fifo === undefined) return;
  to.line(word, quotedWord(fifo.path), ...(fifo.user === undefined ? [] : userWords(fifo.user).map(quotedWord)));
}

/** A receive buffer and its `_force`. */
export function printBuffer(to: ConfigWriter, word: string, buffer: ReceiveBuffer): void {
  to.value(word, buffer.bytes);
  if (buffer.force) to.line(`${word}_force`, 'true');
}
