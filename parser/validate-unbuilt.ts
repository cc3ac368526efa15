/**
 * What to say about words that lvsd reads and does not act on: those that decide who gets traffic stop a start or a
 * reload unless the operator agreed; the others are named.
 */
import type { UnbuiltUse } from '../config/config.js';
import type { Diagnostic } from './diagnostic.js';

export interface UnbuiltAgreement {
  /** -C: VRRP and BFD are somebody else's matter. */
  readonly checkerOnly: boolean;
  /** --ignore-unbuilt. */
  readonly ignoreUnbuilt: boolean;
}

/** One diagnostic a use: class `unusable` where lvsd must not go on, `note` elsewhere; none for what -C sets aside. */
export function unbuiltDiagnostics(uses: readonly UnbuiltUse[], agreed: UnbuiltAgreement): readonly Diagnostic[] {
  const told: Diagnostic[] = [];
  for (const use of uses) {
    if (agreed.checkerOnly && use.vrrpSide) continue;
    const stops = use.decides === 'traffic' && !agreed.ignoreUnbuilt;
    const where = use.block === 'top level' ? '' : ` in ${use.block}`;
    told.push({
      class: stops ? 'unusable' : 'note',
      code: stops ? 'LVSD_CONFIG_UNBUILT_TRAFFIC' : 'LVSD_CONFIG_UNBUILT',
      message: `lvsd does not act on ${use.word}${where} yet${stops ? ', and it decides who gets traffic' : ''}`,
      at: use.at,
      span: use.word.length,
      expected: undefined,
      suggestion: use.cure,
      assumed: stops ? undefined : `lvsd runs without ${use.word}`,
    });
  }
  return told;
}

/** Each word of each block once, where it was met first. */
export function onceEach(uses: readonly UnbuiltUse[]): readonly UnbuiltUse[] {
  const seen = new Set<string>();
  return uses.filter((use) => {
    const key = `${use.block} ${use.word}`;
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}
