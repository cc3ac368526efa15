/**
 * announce_address, and announce in virtual_server: the same settings in both (architecture, section 6).
 */
import type { AnnounceAddress, AnnouncementSettings, Announcer, ShortAnnouncement } from '../../config/announcement.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { AddedDraft } from './added-draft.js';
import { booleanWord, choiceWord, keyword, numberWord, type Texts } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_OSPF_METRIC, MAX_UNSIGNED } from './limits.js';
import { readAreaId } from './ospf-values.js';
import { bindSettings, reportedBy } from './settings.js';

type SettingsDraft = { -readonly [K in keyof AnnouncementSettings]: AnnouncementSettings[K] };
interface AddressDraft extends SettingsDraft {
  announcer: Announcer | undefined;
}

const noSettings = (): SettingsDraft => ({
  metric: undefined,
  metricType: undefined,
  tag: undefined,
  area: undefined,
  when: undefined,
  sorryMetric: undefined,
  withdrawOnSorry: false,
});

const inside = (name: string, doc: string, more: Partial<Texts> = {}): Texts => ({ name, since: 'lvsd', doc, ...more });

function settingWords<D extends SettingsDraft>(): Keyword<D>[] {
  return [
    numberWord<D>(
      inside('metric', 'OSPF metric of the address.', { default: '20' }),
      argument.number('METRIC', 0, MAX_OSPF_METRIC),
      (draft, value) => {
        draft.metric = value;
      },
    ),
    numberWord<D>(
      inside('metric_type', 'External type: 1 adds the way to this director, 2 does not.', { default: '2' }),
      argument.number('TYPE', 1, 2),
      (draft, value) => {
        draft.metricType = value === 1 ? 1 : 2;
      },
    ),
    numberWord<D>(
      inside('tag', 'Route tag, for filters on routers.', { default: '0' }),
      argument.number('TAG', 0, MAX_UNSIGNED),
      (draft, value) => {
        draft.tag = value;
      },
    ),
    keyword<D>(
      inside('area', 'Area, where the ospf_instance has several.'),
      [argument.text('AREA', 'a dotted quad or a number')],
      (draft, statement, context) => {
        draft.area = readAreaId(statement, 1, context) ?? draft.area;
      },
    ),
    choiceWord<D, 'any' | 'all'>(
      inside('when', 'Whether any or all virtual servers of the address need quorum.', { default: 'any' }),
      ['any', 'all'],
      (draft, value) => {
        draft.when = value;
      },
    ),
    numberWord<D>(
      inside('sorry_metric', 'Metric while only sorry servers answer.', { default: 'metric' }),
      argument.number('METRIC', 0, MAX_OSPF_METRIC),
      (draft, value) => {
        draft.sorryMetric = value;
      },
    ),
    booleanWord<D>(
      inside('withdraw_on_sorry', 'No announcement while only sorry servers answer.', { default: 'off' }),
      (draft, value) => {
        draft.withdrawOnSorry = value;
      },
    ),
  ];
}

export const announceBlock = block<SettingsDraft>(
  'announce',
  'announce',
  'How the address of one virtual server is announced.',
  reportedBy('announce', settingWords<SettingsDraft>()),
);

export const announceAddressBlock = block<AddressDraft>(
  'announce_address',
  'announce_address',
  'How an address is announced, whatever virtual servers share it.',
  reportedBy('announce_address', [
    keyword<AddressDraft>(
      inside('ospf', 'The ospf_instance that announces it.'),
      [argument.text('INSTANCE')],
      (draft, statement, context) => {
        draft.announcer = { kind: 'ospf', instance: context.text(statement, 1) };
      },
    ),
    keyword<AddressDraft>(
      inside('loopback', 'The address itself comes and goes on lo; nobody is told.'),
      [],
      (draft) => {
        draft.announcer = { kind: 'loopback' };
      },
    ),
    ...settingWords<AddressDraft>(),
  ]),
);

/** `announce INSTANCE|loopback { ... }` */
export function readShortAnnouncement(statement: Statement, context: BindContext): ShortAnnouncement {
  const name = context.text(statement, 1);
  const announcer: Announcer = name === 'loopback' ? { kind: 'loopback' } : { kind: 'ospf', instance: name };
  const settings = noSettings();
  bindSettings(announceBlock, settings, statement.body ?? [], context);
  return { announcer, ...settings, at: context.position(statement) };
}

/** `announce_address ADDRESS { ... }` */
export function bindAnnounceAddress(added: AddedDraft, statement: Statement, context: BindContext): void {
  const address = context.address(statement, 1, (text) => `Invalid announce_address ${text} - ignoring`);
  if (address === undefined) return;
  const draft: AddressDraft = { announcer: undefined, ...noSettings() };
  bindSettings(announceAddressBlock, draft, statement.body ?? [], context);
  const { announcer, ...settings } = draft;
  if (announcer === undefined) {
    const message = `announce_address ${address} does not say who announces it`;
    context.report('unusable', 'LVSD_CONFIG_ANNOUNCEMENT', message, statement, 1, {
      expected: 'ospf INSTANCE, or loopback',
    });
    return;
  }
  const made: AnnounceAddress = { address, announcer, ...settings, at: context.position(statement) };
  added.announcements.push(made);
}
