/**
 * What DPVS adds to vrrp_instance (fullnat-grammar.md 6.1). Nothing of it is kept: lvsd has no ports of DPDK.
 */
import { unbuiltWord } from './forms.js';
import { argument, type Keyword } from './keyword.js';

export function dpvsVrrpWords<D>(): Keyword<D>[] {
  return [
    unbuiltWord<D>(
      {
        name: 'dpdk_interface',
        since: 'DPVS',
        doc: 'Port of DPDK whose kernel side carries the adverts.',
        unbuilt: { decides: 'none', vrrpSide: true, cure: 'lvsd has no ports of DPDK: take the word out.' },
      },
      [argument.text('PORT')],
    ),
  ];
}
