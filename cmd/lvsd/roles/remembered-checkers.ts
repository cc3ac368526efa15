/**
 * What a checker that begins anew is told: the verdicts that a director still has, or that a journal had, under the
 * names that the checker will look for. Pure.
 */
import type { Config } from '../../../config/config.js';
import { virtualServerName } from '../../../config/names.js';
import { checkerKey, registerServers } from '../../../healthcheck/check-loop-register.js';
import type { RestoredVerdict } from '../../../healthcheck/schedule.js';
import { type CheckerAddress, presumedUp } from '../../../healthcheck/verdict.js';
import type { RestoredChecker } from '../messages.js';

/**
 * Every checker of a configuration of which something is remembered.
 * @param verdictOf by the checker's key and place; `presumed` is what a fresh start takes it for. Undefined: nothing
 */
export function rememberedCheckers(
  config: Config | undefined,
  verdictOf: (key: string, address: CheckerAddress, presumed: boolean) => RestoredVerdict | undefined,
): readonly RestoredChecker[] {
  const checkers: RestoredChecker[] = [];
  for (const [index, virtual] of (config?.virtualServers ?? []).entries()) {
    const name = virtualServerName(virtual);
    for (const { realServer, checkers: registered } of registerServers(virtual, index, false)) {
      for (const one of registered) {
        const key = checkerKey(name, realServer, one);
        const verdict = verdictOf(key, one.address, presumedUp(one.subject.checker));
        if (verdict !== undefined) checkers.push({ key, verdict });
      }
    }
  }
  return checkers;
}
