/**
 * The two-phase change of configuration, as a table of phase and event. Pure: the supervisor sends what it is told to.
 *
 * Phase one: every role prepares the new snapshot and may refuse it. Phase two: all commit, in the order runner,
 * checker, director, so that scripts and verdicts of the new generation have somewhere to go before the director
 * speaks of it. One refusal, one death or one silence in phase one keeps the old configuration everywhere. A role that
 * dies in phase two comes back with the new configuration, because the others have it already (architecture, section 4).
 * For the director it is waited: while it has not committed, the table is not what the new configuration says.
 *
 * It starts nothing, reads no file and does not know what a generation holds.
 */
import type { CommitReport, Refusal, RoleName } from './messages.js';

/** In this order roles commit. */
export const commitOrder: readonly RoleName[] = ['runner', 'checker', 'director'];

export type Transaction =
  | {
      readonly phase: 'preparing';
      readonly generation: number;
      readonly waiting: ReadonlySet<RoleName>;
      readonly roles: ReadonlySet<RoleName>;
      readonly refusals: readonly Refusal[];
    }
  | {
      readonly phase: 'committing';
      readonly generation: number;
      readonly left: readonly RoleName[];
      readonly report: CommitReport | undefined;
      /** Roles that did not commit in time. */
      readonly missed: readonly RoleName[];
    };

export type TransactionEvent =
  | {
      readonly type: 'prepared';
      readonly role: RoleName;
      readonly generation: number;
      readonly refusals: readonly Refusal[];
    }
  | {
      readonly type: 'committed';
      readonly role: RoleName;
      readonly generation: number;
      readonly report: CommitReport | undefined;
    }
  | { readonly type: 'died'; readonly role: RoleName }
  | { readonly type: 'timeout' };

export type TransactionAction =
  | { readonly do: 'commit'; readonly role: RoleName; readonly generation: number }
  | {
      readonly do: 'abandon';
      readonly roles: readonly RoleName[];
      readonly generation: number;
      readonly refusals: readonly Refusal[];
    }
  | {
      readonly do: 'finished';
      readonly generation: number;
      readonly report: CommitReport | undefined;
      readonly missed: readonly RoleName[];
    };

export interface TransactionStep {
  /** Undefined when the transaction has ended. */
  readonly next: Transaction | undefined;
  readonly actions: readonly TransactionAction[];
}

/** Begins: `roles` have been sent `prepare`. */
export function beginTransaction(generation: number, roles: readonly RoleName[]): TransactionStep {
  const set = new Set(roles);
  const state: Transaction = { phase: 'preparing', generation, waiting: set, roles: set, refusals: [] };
  return set.size === 0 ? startCommitting(state) : { next: state, actions: [] };
}

export function stepTransaction(state: Transaction, event: TransactionEvent): TransactionStep {
  const stay: TransactionStep = { next: state, actions: [] };
  switch (state.phase) {
    case 'preparing':
      switch (event.type) {
        case 'prepared': {
          if (event.generation !== state.generation || !state.waiting.has(event.role)) return stay;
          const waiting = new Set(state.waiting);
          waiting.delete(event.role);
          const next = { ...state, waiting, refusals: [...state.refusals, ...event.refusals] };
          if (waiting.size > 0) return { next, actions: [] };
          return next.refusals.length > 0 ? abandon(next, []) : startCommitting(next);
        }
        case 'died':
          if (!state.roles.has(event.role)) return stay;
          return abandon(state, [
            {
              code: 'LVSD_ROLE_DIED',
              message: `The ${event.role} process died while it prepared the new configuration, so the old one stays. The log says why it died; reload again when it is back.`,
            },
          ]);
        case 'timeout':
          return abandon(state, [
            {
              code: 'LVSD_ROLE_SILENT',
              message: `The new configuration was not prepared in time by: ${[...state.waiting].join(', ')}. The old one stays; reload again, and if it happens twice look at that process.`,
            },
          ]);
        case 'committed':
          return stay;
      }
      break;
    case 'committing': {
      const [current, ...rest] = state.left;
      switch (event.type) {
        case 'prepared':
          return stay;
        case 'committed':
          if (event.role !== current || event.generation !== state.generation) return stay;
          return advance({ ...state, left: rest, report: event.report ?? state.report });
        case 'died': {
          // Whoever dies comes back with the new generation, shown to it by the supervisor: nothing to commit here. The
          // director's turn stays: the table is as it should be only when the one that came back has committed.
          if (event.role === 'director' || !state.left.includes(event.role)) return stay;
          const left = state.left.filter((role) => role !== event.role);
          return event.role === current ? advance({ ...state, left }) : { next: { ...state, left }, actions: [] };
        }
        case 'timeout':
          if (current === undefined) return stay;
          return advance({ ...state, left: rest, missed: [...state.missed, current] });
      }
    }
  }
  return stay;
}

function startCommitting({ generation, roles }: Extract<Transaction, { phase: 'preparing' }>): TransactionStep {
  const left = commitOrder.filter((role) => roles.has(role));
  return advance({ phase: 'committing', generation, left, report: undefined, missed: [] });
}

function advance(next: Extract<Transaction, { phase: 'committing' }>): TransactionStep {
  const { generation, report, missed } = next;
  const role = next.left[0];
  if (role === undefined) return { next: undefined, actions: [{ do: 'finished', generation, report, missed }] };
  return { next, actions: [{ do: 'commit', role, generation }] };
}

function abandon(state: Extract<Transaction, { phase: 'preparing' }>, extra: readonly Refusal[]): TransactionStep {
  return {
    next: undefined,
    actions: [
      { do: 'abandon', roles: [...state.roles], generation: state.generation, refusals: [...state.refusals, ...extra] },
    ],
  };
}
