/**
 * vrrp_sync_group and track_group: names of instances that belong together (keepalived.md 8, 10).
 *
 * Whether the members exist is seen when all is read (../validate-vrrp-groups.ts).
 */

import type { Position } from '../../config/position.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { booleanWord, flagWord, keyword } from './forms.js';
import { block, type Keyword } from './keyword.js';
import { trackWords } from './track-blocks.js';
import { noScripts, noTracking, type VrrpSide, type VrrpSyncGroupDraft } from './vrrp-drafts.js';
import { namedBoolean, tell, waiting } from './vrrp-forms.js';
import { notifyWords } from './vrrp-notify-words.js';

type Draft = VrrpSyncGroupDraft;

const NO_GROUP = 'the group does not exist';

/** Every word of a value block: names may stand several on a line. */
function namesOf(body: readonly Statement[], context: BindContext): { readonly name: string; readonly at: Position }[] {
  return body.flatMap((statement) =>
    statement.words.map((_, i) => ({ name: context.text(statement, i), at: context.position(statement, i) })),
  );
}

interface Members {
  readonly name: string;
  members: readonly { readonly name: string; readonly at: Position }[] | undefined;
}

function groupWord<D extends Members>(what: string): Keyword<D> {
  return keyword<D>(
    { name: 'group', opens: 'vrrp_sync_group.group', doc: 'Names of the instances.' },
    [],
    (draft, statement, context) => {
      if (draft.members !== undefined) {
        const message = `Group list already specified for sync group ${draft.name}`;
        tell(context, statement, 0, 'LVSD_CONFIG_DUPLICATE', message, 'the first list counts');
        return;
      }
      const names = namesOf(statement.body ?? [], context);
      if (names.length > 0) draft.members = names;
      else {
        const message = `Warning - ${what} ${draft.name} has empty group block`;
        context.reportAt('assumed', 'LVSD_CONFIG_EMPTY_GROUP', message, context.position(statement), {});
      }
    },
  );
}

/** For the documentation: the lines inside `group`. */
export const groupBlock = block<Members>('vrrp_sync_group.group', 'group', 'Names of vrrp_instances.', [], {
  form: 'INSTANCE ...',
  doc: 'One or several a line.',
  bind: () => undefined,
});

export const vrrpSyncGroupBlock = block<Draft>(
  'vrrp_sync_group',
  'vrrp_sync_group',
  'Virtual routers that change state together.',
  waiting(
    [
      groupWord<Draft>('sync group'),
      ...trackWords<Draft>(),
      flagWord<Draft>(
        { name: 'sync_group_tracking_weight', doc: 'Weights of trackers count, for every member.' },
        (draft) => {
          draft.trackingWeight = true;
        },
      ),
      keyword<Draft>(
        { name: 'global_tracking', doc: 'Deprecated: the same as sync_group_tracking_weight.' },
        [],
        (draft, statement, context) => {
          const message = `(${draft.name}) global_tracking is deprecated. Use track_interface/script/file on the sync group`;
          tell(context, statement, 0, 'LVSD_CONFIG_DEPRECATED', message, 'sync_group_tracking_weight');
          draft.trackingWeight = true;
        },
      ),
      ...notifyWords<Draft>((draft) => `vrrp group ${draft.name}:`),
      booleanWord<Draft>(
        {
          name: 'smtp_alert',
          default: 'smtp_alert_vrrp, else smtp_alert',
          doc: 'Mail on every change.',
          whenWrong: (text) => `Invalid vrrp_group smtp_alert parameter ${text}`,
        },
        (draft, value) => {
          draft.smtpAlert = value;
        },
      ),
      namedBoolean<Draft>(
        { name: 'notify_priority_changes', doc: 'Default of the members: changes of priority are told too.' },
        (draft, value) => {
          draft.notifyPriorityChanges = value;
        },
        (draft, text) => `(${draft.name}) Invalid value '${text}' for sync group notify_priority_changes specified`,
      ),
    ],
    'vrrp_sync_group',
  ),
);

export function bindVrrpSyncGroup(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  if (statement.words.length !== 2) {
    tell(context, statement, 2, 'LVSD_CONFIG_BAD_NAME', 'vrrp_sync_group must have a name - skipping', NO_GROUP);
    return;
  }
  if (side.syncGroups.has(name)) {
    const message = `vrrp sync group ${name} already defined`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
    return;
  }
  const draft: Draft = {
    name,
    side,
    at: context.position(statement),
    tracking: noTracking(),
    members: undefined,
    trackingWeight: false,
    scripts: noScripts(),
    notifyPriorityChanges: undefined,
    smtpAlert: undefined,
  };
  bindBody(vrrpSyncGroupBlock, draft, statement.body ?? [], context);
  if (draft.members !== undefined) side.syncGroups.set(name, draft);
  else {
    const message = `Sync group ${name} has no members - removing`;
    context.reportAt('assumed', 'LVSD_CONFIG_EMPTY_GROUP', message, side.blockEnd(), { assumed: NO_GROUP });
  }
}

interface TrackGroupDraft extends Members {
  readonly at: Position;
}

export const trackGroupBlock = block<TrackGroupDraft>(
  'track_group',
  'track_group',
  'Virtual routers that go to FAULT when a static address, route or rule of the group is gone.',
  waiting([groupWord<TrackGroupDraft>('track group')], 'track_group'),
);

export function bindTrackGroup(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  if (statement.words.length !== 2) {
    tell(context, statement, 2, 'LVSD_CONFIG_BAD_NAME', 'track_group must have a name - skipping', NO_GROUP);
    return;
  }
  if (side.trackGroups.has(name)) {
    const message = `track_group ${name} already defined`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
    return;
  }
  const draft: TrackGroupDraft = { name, members: undefined, at: context.position(statement) };
  bindBody(trackGroupBlock, draft, statement.body ?? [], context);
  side.trackGroups.set(name, { name, members: draft.members?.map((each) => each.name) ?? [], at: draft.at });
  if (draft.members === undefined) {
    const message = `Static track group ${name} has no members - removing`;
    // keepalived does not count it.
    context.reportAt('note', 'LVSD_CONFIG_EMPTY_GROUP', message, side.blockEnd(), { assumed: NO_GROUP });
  }
}
