/** lvsd's version, and the keepalived whose grammar and behaviour it takes the place of. */
export const version = '0.1.0';
export const keepalivedVersion = '2.4.3';
