/**
 * static_ipaddress, static_routes and static_rules: what lvsd puts on the host while it runs (keepalived.md 8).
 */
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { ADDRESS_FORM, readAddressLine } from './address-line.js';
import { type Block, block } from './keyword.js';
import { ROUTE_FORM, readRouteLine } from './route-line.js';
import { RULE_FORM, readRuleLine } from './rule-line.js';
import { interfaceNoter } from './vrrp-address-words.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { tell } from './vrrp-forms.js';

/** A track_group must stand above; one that does not is told and left out. */
function knownGroup(
  name: string | undefined,
  side: VrrpSide,
  statement: Statement,
  context: BindContext,
): string | undefined {
  if (name === undefined || side.trackGroups.has(name)) return name;
  const index = statement.words.findIndex((word) => word.text === 'track_group') + 1;
  const message = `track_group ${name} not found`;
  tell(context, statement, index, 'LVSD_CONFIG_UNKNOWN_NAME', message, 'no track_group', 'one that stands above');
  return undefined;
}

export const staticAddressBlock: Block<VrrpSide> = block<VrrpSide>(
  'static_ipaddress',
  'static_ipaddress',
  'Addresses that are added at start and taken away at stop.',
  [],
  {
    form: `${ADDRESS_FORM} [track_group NAME]`,
    doc: 'Without dev on default_interface.',
    bind: (side, statement, context) => {
      const line = readAddressLine(statement, context, 'static', interfaceNoter(side, statement, context));
      if (line === undefined) return;
      let trackGroup = knownGroup(line.trackGroup, side, statement, context);
      if (trackGroup !== undefined && line.device === undefined) {
        const message = 'Static route cannot have track_group if interface not specified';
        tell(context, statement, 0, 'LVSD_CONFIG_NO_TRACK', message, 'no track_group', 'dev INTERFACE');
        trackGroup = undefined;
      }
      side.staticAddresses.push({ ...line, trackGroup, at: context.position(statement) });
    },
  },
);

export const staticRoutesBlock: Block<VrrpSide> = block<VrrpSide>(
  'static_routes',
  'static_routes',
  'Routes that are added at start and taken away at stop.',
  [],
  {
    form: `${ROUTE_FORM} [track_group NAME]`,
    doc: 'The words of ip route.',
    bind: (side, statement, context) => {
      const route = readRouteLine(statement, context, 'static', interfaceNoter(side, statement, context));
      if (route === undefined) return;
      const trackGroup = knownGroup(route.trackGroup, side, statement, context);
      side.staticRoutes.push(trackGroup === route.trackGroup ? route : { ...route, trackGroup });
    },
  },
);

export const staticRulesBlock: Block<VrrpSide> = block<VrrpSide>(
  'static_rules',
  'static_rules',
  'Routing rules that are added at start and taken away at stop.',
  [],
  {
    form: `${RULE_FORM} [track_group NAME]`,
    doc: 'The words of ip rule.',
    bind: (side, statement, context) => {
      const note = interfaceNoter(side, statement, context);
      const rule = readRuleLine(statement, context, 'static', side.rulePriorities, note);
      if (rule === undefined) return;
      const trackGroup = knownGroup(rule.trackGroup, side, statement, context);
      side.staticRules.push(trackGroup === rule.trackGroup ? rule : { ...rule, trackGroup });
    },
  },
);
