/**
 * What one start of lvsd or of keepalived gave, as it comes out of the machine: one JSON line each.
 */

export type Program = 'lvsd' | 'keepalived';

export const sizes = {
  /** 5,000 virtual servers with 4 real servers each. */
  '5k': { services: 5000, servers: 20_000 },
  /** The configuration of keepalived's issue 2318. */
  '37k': { services: 2277, servers: 37_205 },
} as const;
export type Size = keyof typeof sizes;

/** Seconds of a start, seconds of a reload; `counted`: what reached the kernel, counted there; its seconds mean nothing. */
export const modes = ['load', 'reload', 'counted'] as const;
export type Mode = (typeof modes)[number];

/** Messages that changed the IPVS table, and the sendmsg calls that carried them. */
export interface Writes {
  readonly messages: number;
  readonly sends: number;
}

export type Measurement =
  | { readonly program: Program; readonly mode: 'load' | 'reload'; readonly seconds: number }
  | {
      readonly program: Program;
      readonly mode: 'counted';
      readonly load: Writes;
      readonly unchanged: Writes;
      readonly reload: Writes;
    };

/** The median; of an even count the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[(sorted.length - 1) >> 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
