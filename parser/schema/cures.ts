/**
 * What to do instead of words that lvsd does not act on yet, where several blocks have them.
 */
export const NO_MAIL = 'lvsd sends no mail yet: watch its log, its metrics or `lvsctl status` instead.';
export const NO_SNMP = 'lvsd has no SNMP agent yet: read its metrics or `lvsctl status` instead.';
export const NO_DBUS =
  'D-Bus is put off: lvsd offers no service there. Ask `lvsctl status --json`, or read the notify FIFOs, instead.';
