/**
 * Lines of a local_address_group and of an inline local_address block (fullnat-grammar.md 2 and 6.1, architecture 6).
 *
 * Alibaba's form has the address alone, DPVS's has a device behind it; ranges are of the last octet (IPv4), of the last
 * 16 bits (IPv6, hexadecimal), or written whole.
 */
import type { LocalAddressEntry } from '../../config/virtual-server.js';
import type { BindContext } from '../bind-context.js';
import { readRange } from '../read-range.js';
import type { Statement } from '../statement.js';
import { unbuiltWord } from './forms.js';
import { argument, block } from './keyword.js';

export interface LocalAddressesDraft {
  readonly name: string;
  readonly entries: LocalAddressEntry[];
  owner: string | undefined;
}

/** Both dialects take 1 to 254 for the end of a short IPv4 range. */
const shortRange = /^\d+\.\d+\.\d+\.\d+-(\d+)$/;

function bindLine(group: LocalAddressesDraft, statement: Statement, context: BindContext): void {
  const end = shortRange.exec(statement.words[0]?.text ?? '')?.[1];
  if (end !== undefined && (Number(end) < 1 || Number(end) > 254)) {
    const message = `invalid: local IP address range ${end}`;
    context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message, statement, 0, {
      expected: 'an end from 1 to 254',
      assumed: 'this entry is left out',
    });
    return;
  }
  const range = readRange(statement, context, 'local address');
  if (range === undefined) return;
  const device = statement.words[1] === undefined ? undefined : context.text(statement, 1);
  group.entries.push({ ...range, device, at: context.position(statement) });
}

export const localAddressBlock = block<LocalAddressesDraft>(
  'local_address_group',
  'local_address_group',
  'Addresses that FULLNAT takes as its own towards the real servers.',
  [
    {
      ...unbuiltWord<LocalAddressesDraft>(
        {
          name: 'owner',
          since: 'lvsd',
          doc: 'Node of the cluster that these addresses belong to.',
          unbuilt: { decides: 'none', cure: 'lvsd knows no cluster yet: leave owner out.' },
        },
        [argument.text('NODE')],
      ),
      effect: {
        acts: false,
        reportedBy: 'local_address_group',
        bind: (group, statement, context) => {
          group.owner = context.text(statement, 1);
        },
      },
    },
  ],
  {
    form: 'ADDRESS[-END] [DEVICE]',
    doc: 'One address or a range, with the device that lvsd adds it to.',
    bind: bindLine,
  },
);
