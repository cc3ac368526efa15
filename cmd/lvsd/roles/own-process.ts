/**
 * What global_defs says about this role's own process: its name, whether its program stays in memory, and what it says
 * when it has computed for longer than checker_rlimit_rttime without a wait (keepalived.md 7.1, 7.2).
 *
 * The rest of its scheduling comes from outside (role-scheduling.ts).
 */
import type { GlobalConfig } from '../../../config/global.js';
import { setProcessName } from '../../../native/process.js';
import { lockProgram } from '../../../native/scheduling.js';
import type { Clock } from '../../../runtime/clock.js';
import { describeError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { milliseconds } from '../../../runtime/units.js';
import type { RoleName } from '../messages.js';

/** The supervisor lifts the limit of locked memory after the role has put its configuration into force. */
const LOCK_RETRY_MS = 1000;
const MOST_LOCK_ATTEMPTS = 5;

interface Surroundings {
  readonly log: Log;
  readonly clock: Clock;
}

export class OwnProcess {
  readonly #role: RoleName;
  readonly #context: Surroundings;
  #name: string;
  #locking = false;

  constructor(role: RoleName, context: Surroundings) {
    this.#role = role;
    this.#context = context;
    this.#name = `lvsd-${role}`;
    // Before anybody can set the limit: a process that does not listen ends at this signal.
    process.on('SIGXCPU', () =>
      context.log.warning(`${role} process has used too much CPU time, checker_rlimit_rttime may need to be increased`),
    );
  }

  /** Takes over what a configuration says, when it comes into force. */
  apply({ processNames, checkerScheduling }: GlobalConfig): void {
    if (this.#role === 'runner') return;
    const name = processNames.checker ?? `lvsd-${this.#role}`;
    if (name !== this.#name) {
      this.#name = name;
      setProcessName(name);
    }
    if (checkerScheduling.noSwap && !this.#locking) {
      this.#locking = true;
      this.#lock(1);
    }
  }

  #lock(attempt: number): void {
    const { log, clock } = this.#context;
    try {
      const bytes = lockProgram();
      log.info(`checker_no_swap: ${Math.round(bytes / 1e6)} MB of program stay in memory; data is not locked`);
    } catch (error) {
      if (attempt < MOST_LOCK_ATTEMPTS) {
        clock.after(milliseconds(LOCK_RETRY_MS), 'no_swap', () => this.#lock(attempt + 1));
        return;
      }
      log.warning(
        `checker_no_swap: the program cannot be kept in memory: ${describeError(error)}. Give lvsd CAP_SYS_RESOURCE, or LimitMEMLOCK=infinity in the unit.`,
      );
    }
  }
}
