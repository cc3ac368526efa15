/**
 * linkbeat_interfaces: whose link state is polled (keepalived.md 8). One interface a line, with the way of asking behind it.
 */
import type { LinkbeatInterface } from '../../config/global.js';
import { block } from './keyword.js';

const methods = ['MII', 'ETHTOOL', 'IOCTL'] as const;

export interface LinkbeatDraft {
  interfaces: readonly LinkbeatInterface[];
}

export const linkbeatBlock = block<LinkbeatDraft>(
  'linkbeat_interfaces',
  'linkbeat_interfaces',
  'Interfaces whose link state is polled.',
  [],
  {
    form: 'INTERFACE [MII|ETHTOOL|IOCTL]',
    doc: 'The first way that the device answers is taken if none is named.',
    bind: (draft, statement, context) => {
      const name = context.text(statement, 0);
      const word = statement.words[1]?.text;
      const method = statement.words.length > 2 ? undefined : methods.find((each) => each === word);
      if (word !== undefined && method === undefined) {
        const message = `extra characters ${word} in linkbeat interface`;
        context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', message, statement, 1, {
          expected: methods.join(', '),
          assumed: 'the first way that the device answers',
        });
      }
      const others = draft.interfaces.filter((each) => each.name !== name);
      draft.interfaces = [...others, { name, method, at: context.position(statement) }];
    },
  },
);
