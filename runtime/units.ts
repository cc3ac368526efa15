/**
 * Numbers that carry their unit in their type.
 *
 * A brand exists only for the compiler: at run time each of these is a plain number. The constructors below are the
 * only places where a bare number becomes one; the parser checks ranges before it calls them.
 */

declare const unit: unique symbol;
type Branded<T, B extends string> = T & { readonly [unit]: B };

/** A TCP, UDP or SCTP port, 0..65535; 0 means every port of the address (keepalived.md 14.1). */
export type Port = Branded<number, 'Port'>;
/** A duration in seconds with up to six digits after the point, keepalived's own resolution. */
export type Seconds = Branded<number, 'Seconds'>;
/** A duration or an instant of a monotonic clock, in milliseconds, with fractions. */
export type Milliseconds = Branded<number, 'Milliseconds'>;
/** An IPVS weight, 0..2147483647; 0 takes no new connections. */
export type Weight = Branded<number, 'Weight'>;
/** A firewall mark, 0..4294967295. */
export type Fwmark = Branded<number, 'Fwmark'>;

export const port = (value: number): Port => value as Port;
export const seconds = (value: number): Seconds => value as Seconds;
export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const weight = (value: number): Weight => value as Weight;
export const fwmark = (value: number): Fwmark => value as Fwmark;

/** Seconds of a configuration as milliseconds of a timer. */
export const toMilliseconds = (value: Seconds): Milliseconds => milliseconds(value * 1000);

/** The largest weight that IPVS takes (a signed 32-bit number in the kernel's struct). */
export const MAX_WEIGHT = 2147483647;

/** Clamps a sum of weights to what IPVS takes, as keepalived does before it uses an effective weight (keepalived.md 16). */
export function clampWeight(value: number): Weight {
  return weight(Math.max(0, Math.min(MAX_WEIGHT, Math.trunc(value))));
}
