/**
 * vrrp_instance: a virtual router (keepalived.md 11). Its words stand in files of their own, one a matter; here they
 * come together with the few that belong to no other.
 */
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import { readScript } from '../bind-script.js';
import type { Statement } from '../statement.js';
import { booleanWord, flagWord, keyword } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import { trackWords } from './track-blocks.js';
import { addressWords } from './vrrp-address-words.js';
import { authenticationBlock, authHmacBlock } from './vrrp-authentication.js';
import { dpvsVrrpWords } from './vrrp-dpvs-words.js';
import { type VrrpInstanceDraft, type VrrpSide, vrrpInstanceDraft } from './vrrp-drafts.js';
import { electionWords } from './vrrp-election-words.js';
import { namedBoolean, tell, waiting } from './vrrp-forms.js';
import { garpWords } from './vrrp-garp-words.js';
import { notifyWords } from './vrrp-notify-words.js';
import { transportWords } from './vrrp-transport-words.js';
import { vmacWords } from './vrrp-vmac-words.js';

type Draft = VrrpInstanceDraft;

function authenticationWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      { name: 'authentication', opens: authenticationBlock.name, doc: authenticationBlock.doc },
      [],
      (draft, statement, context) => bindBody(authenticationBlock, draft.authentication, statement.body ?? [], context),
    ),
    keyword<Draft>(
      { name: 'auth_hmac', opens: authHmacBlock.name, since: 'after 2.2.7', doc: authHmacBlock.doc },
      [],
      (draft, statement, context) => {
        draft.hmac ??= {
          keys: new Map(),
          activeKey: undefined,
          timeWindow: undefined,
          antiReplay: undefined,
          mode: undefined,
        };
        bindBody(authHmacBlock, draft.hmac, statement.body ?? [], context);
      },
    ),
  ];
}

function bindDeleted(draft: Draft, statement: Statement, context: BindContext): void {
  if (draft.notifyDeleted) {
    const script = statement.words[1]?.text ?? '';
    const message = `(${draft.name}) notify_deleted already specified - ignoring ${script}`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
    return;
  }
  if (statement.words.length > 1) draft.scriptDeleted = readScript(statement, context);
  draft.notifyDeleted = true;
}

function eventWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      {
        name: 'notify_deleted',
        doc: 'A reload that takes the instance away tells DELETED, not FAULT; a program may be run.',
      },
      [argument.optional(argument.script)],
      bindDeleted,
    ),
    keyword<Draft>(
      {
        name: 'notify_master_rx_lower_pri',
        doc: 'Program that runs when a master hears an advert of lower priority.',
      },
      [argument.script],
      (draft, statement, context) => {
        const script = readScript(statement, context);
        if (script === undefined) return;
        if (draft.scriptMasterReceivesLowerPriority === undefined) draft.scriptMasterReceivesLowerPriority = script;
        else {
          const message = `(${draft.name}) notify_master_rx_lower_pri script already specified - ignoring ${script.command}`;
          tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
        }
      },
    ),
    booleanWord<Draft>(
      {
        name: 'smtp_alert',
        default: 'smtp_alert_vrrp, else smtp_alert',
        doc: 'Mail on every change.',
        whenWrong: (text) => `Invalid vrrp_instance smtp_alert parameter ${text}`,
      },
      (draft, value) => {
        draft.smtpAlert = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'notify_priority_changes',
        default: "the sync group's, else vrrp_notify_priority_changes",
        doc: 'Changes of priority are told too.',
      },
      (draft, value) => {
        draft.notifyPriorityChanges = value;
      },
      (draft, text) => `(${draft.name}) Invalid value '${text}' for notify_priority_changes specified`,
    ),
  ];
}

function linkWords(): Keyword<Draft>[] {
  return [
    flagWord<Draft>({ name: 'dont_track_primary', doc: 'The interface of the instance may be down.' }, (draft) => {
      draft.trackPrimary = false;
    }),
    keyword<Draft>(
      { name: 'linkbeat_use_polling', doc: 'Deprecated: linkbeat_interfaces says it for an interface.' },
      [],
      (draft, statement, context) => {
        draft.pollLink = true;
        const message = `(${draft.name}) 'linkbeat_use_polling' in vrrp instance deprecated - use linkbeat_interfaces block`;
        tell(context, statement, 0, 'LVSD_CONFIG_DEPRECATED', message, 'the interface is polled');
      },
    ),
    keyword<Draft>(
      { name: 'lvs_sync_daemon_interface', doc: 'Deprecated: lvs_sync_daemon of global_defs says it.' },
      [argument.text('INTERFACE')],
      (draft, statement, context) => {
        const message = `(${draft.name}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.`;
        tell(context, statement, 0, 'LVSD_CONFIG_DEPRECATED', message, undefined, 'lvs_sync_daemon in global_defs');
        draft.syncDaemonInterface ??= context.text(statement, 1);
      },
    ),
  ];
}

export const vrrpInstanceBlock = block<Draft>(
  'vrrp_instance',
  'vrrp_instance',
  'A virtual router: it elects a master, which holds its addresses.',
  waiting(
    [
      ...transportWords(),
      ...electionWords(),
      ...addressWords(),
      ...vmacWords(),
      ...linkWords(),
      ...trackWords<Draft>(),
      ...authenticationWords(),
      ...garpWords(),
      ...notifyWords<Draft>((draft) => `(${draft.name})`),
      ...eventWords(),
      ...dpvsVrrpWords<Draft>(),
    ],
    'vrrp_instance',
  ),
);

/** A name that stands twice leaves the second block out; so does a third word. */
export function bindVrrpInstance(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  if (statement.words.length !== 2) {
    tell(context, statement, 2, 'LVSD_CONFIG_BAD_NAME', 'vrrp_instance must have a name', 'the block is left out');
    return;
  }
  if (side.instances.has(name)) {
    const message = `vrrp instance ${name} already defined`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the block is left out');
    return;
  }
  const draft = vrrpInstanceDraft(name, side, context.position(statement));
  side.instances.set(name, draft);
  bindBody(vrrpInstanceBlock, draft, statement.body ?? [], context);
  finishInstance(draft, context);
}

/** What keepalived says at the end of the block. */
function finishInstance(draft: Draft, context: BindContext): void {
  const at = draft.side.blockEnd();
  const say = (message: string, assumed: string): void =>
    context.reportAt('assumed', 'LVSD_CONFIG_CONFLICT', message, at, { assumed });
  if (draft.unicastWord && (draft.vmac !== undefined || draft.ipvlan !== undefined)) {
    if (draft.interface === undefined) {
      say(
        `(${draft.name}): Cannot use VMAC/ipvlan with unicast and no interface - clearing use_vmac`,
        'no use_vmac, no use_ipvlan',
      );
      draft.vmac = undefined;
      draft.ipvlan = undefined;
    } else if (!draft.transmitOnBase) {
      say(`(${draft.name}) unicast with use_vmac requires vmac_xmit_base - setting`, 'vmac_xmit_base');
      draft.transmitOnBase = true;
    }
  }
  if (draft.peers.length === 0 && draft.unicastTtl !== undefined) {
    say(`(${draft.name}): Cannot use unicast_ttl without unicast peers - resetting`, 'no unicast_ttl');
    draft.unicastTtl = undefined;
  }
  if (draft.interface === undefined) draft.pollLink = false;
}
