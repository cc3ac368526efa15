/**
 * How a role that never refuses a configuration takes one: it says yes to what it is shown and commits when told to.
 *
 * The director reads the same bytes and refuses what has to be refused; checker and runner would only say the same once
 * more. A commit that comes twice (a role that came back just when a reload began is shown it twice) is answered like
 * the first, one of a generation that was never shown here is not.
 */
import type { Fd } from '../../../native/descriptor.js';
import type { SupervisorMessage } from '../messages.js';
import type { HeldConfiguration } from './held-configuration.js';
import type { RoleContext } from './role.js';

export interface Agreement {
  readonly held: HeldConfiguration;
  readonly send: RoleContext['send'];
  /** Whether a snapshot is parsed when it is shown, or when it is committed: then nobody waits for it meanwhile. */
  readonly parse: 'when-shown' | 'when-committed';
  /** Puts the generation that is held into force, and says so. */
  readonly commit: (generation: number) => void;
}

/** Deals with a message about a configuration. @returns false for any other: its descriptors are the caller's then */
export function agreeTo(
  message: SupervisorMessage,
  descriptors: readonly Fd[],
  { held, send, parse, commit }: Agreement,
): boolean {
  switch (message.type) {
    case 'prepare':
      if (parse === 'when-shown') held.prepare(message.generation, descriptors);
      else held.prepareLater(message.generation, descriptors);
      send({ type: 'prepared', generation: message.generation, refusals: [], diagnostics: [] });
      return true;
    case 'commit': {
      const { generation } = message;
      if (held.holds(generation)) commit(generation);
      else if (held.current?.generation === generation) send({ type: 'committed', generation, report: undefined });
      return true;
    }
    case 'abandon':
      held.abandon(message.generation);
      return true;
    default:
      return false;
  }
}
