/**
 * The text of an errno as strerror(3) has it: `Connection reset by peer` for ECONNRESET. keepalived's lines carry it.
 */
import { getSystemErrorMap } from 'node:util';
import { errnoName } from '../../native/system-call-error.js';

/** @param number positive errno */
export function errorText(number: number): string {
  const text = getSystemErrorMap().get(-number)?.[1];
  return text === undefined ? errnoName(number) : text.charAt(0).toUpperCase() + text.slice(1);
}
