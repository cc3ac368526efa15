/**
 * MISC_CHECK: a script's exit status is the answer (keepalived.md 15.8).
 *
 * 0 is up; with misc_dynamic 2..255 is up with weight status - 2; everything else is down. Running it as its user, its
 * time limit and the killing of its process group belong to observe/script-runner.ts in the runner role, which the
 * context's `runScript` asks. A script that can never be run under this configuration is no check at all, as with
 * keepalived; one that could not be run this time counts for nothing, where keepalived counts it as a success.
 */
import type { MiscCheck } from '../../config/checker.js';
import { unreachable } from '../../runtime/errors.js';
import { toMilliseconds } from '../../runtime/units.js';
import type { ProbeResult } from '../verdict.js';
import type { ScriptEnd, StartProbe } from './probe.js';

/** What the end of a script says about its server. */
export function resultOfScript(end: ScriptEnd, checker: Pick<MiscCheck, 'dynamic' | 'script'>): ProbeResult {
  switch (end.kind) {
    case 'exited': {
      const detail = `exited with status ${end.status}`;
      if (end.status === 0) return { ok: true, detail };
      if (checker.dynamic && end.status >= 2 && end.status <= 255) return { ok: true, weight: end.status - 2, detail };
      return { ok: false, reason: 'exit', detail };
    }
    case 'signalled':
      return { ok: false, reason: 'signal', detail: `due to signal ${end.signal}` };
    case 'timed-out':
      return { ok: false, reason: 'timeout', detail: '' };
    case 'disabled':
      // keepalived takes such a check out at its start, so it holds nobody down; the log and -t name it.
      return { ok: true, detail: `not checked, the script is disabled: ${end.why}` };
    case 'not-run':
      return { ok: null, detail: `MISC_CHECK by [${checker.script.argv[0]}] was not run: ${end.why}` };
    default:
      return unreachable(end);
  }
}

export const startMiscProbe: StartProbe<MiscCheck> = (checker, target, context, done) => {
  let cancelRun: (() => void) | undefined;
  let cancelled = false;
  queueMicrotask(() => {
    if (cancelled) return;
    cancelRun = context.runScript(target.address, toMilliseconds(checker.timeout), (end) => {
      if (!cancelled) done(resultOfScript(end, checker));
    });
  });
  return () => {
    cancelled = true;
    cancelRun?.();
  };
};
