/**
 * Whether a link has its carrier, asked of the device itself; the questions are those of keepalived's linkbeat.
 */
import { addon } from './addon.js';
import { errno } from './system-call-error.js';

const METHODS = { MII: 0, ETHTOOL: 1, IOCTL: 2 } as const;
export type LinkQuestion = keyof typeof METHODS;

/** What a device says; `unsupported` when it does not know the question, `absent` when there is no such device. */
export type LinkAnswer = 'up' | 'down' | 'unsupported' | 'absent';

export function askLink(name: string, question: LinkQuestion): LinkAnswer {
  const result = addon.linkState(name, METHODS[question]);
  if (result >= 0) return result === 1 ? 'up' : 'down';
  return result === -errno.ENODEV ? 'absent' : 'unsupported';
}
