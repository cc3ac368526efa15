/**
 * What to do instead of words that lvsd does not act on yet, where several blocks have them.
 */
export const NO_MAIL = 'lvsd sends no mail yet: watch its log, its metrics or `lvsctl status` instead.';
export const NO_SNMP = 'lvsd has no SNMP agent yet: read its metrics or `lvsctl status` instead.';
