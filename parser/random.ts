/**
 * The numbers of `${_RANDOM}`: repeatable from a seed, as `random_seed` promises (keepalived.md 5.4).
 *
 * Not the C library's sequence: the same seed gives other numbers than keepalived (docs/differences.md).
 * The generator is splitmix32, a public-domain mix of a counter.
 */

/** A source of whole numbers between two bounds, both inclusive. */
export function randomSource(seed: number): (minimum: number, maximum: number) => number {
  let state = seed | 0;
  return (minimum, maximum) => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    const unit = ((z ^ (z >>> 15)) >>> 0) / 4294967296;
    return minimum + Math.floor(unit * (maximum - minimum + 1));
  };
}
