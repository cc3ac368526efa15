/** Random services, destinations and tables for fast-check, drawn from few names so that tables overlap. */
import fc from 'fast-check';
import {
  addressServiceKey,
  type DesiredService,
  type Destination,
  type ForwardingMethod,
  fwmarkServiceKey,
  type ServiceKey,
  type ServiceSettings,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import { destinationMap } from '../../../ipvs-netlink/reconcile.js';
import { type IpAddress, ipv4FromNumber, ipv6FromBigInt } from '../../../runtime/addresses.js';
import { fwmark, port, seconds, weight } from '../../../runtime/units.js';

/** Records with an ordinary prototype, as the code under test makes them. */
const plainRecord: typeof fc.record = ((model: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(model, { noNullPrototype: true })) as typeof fc.record;

const few4 = fc.integer({ min: 1, max: 4 }).map((n): IpAddress => ipv4FromNumber(0x0a000000 + n));
const few6 = fc.integer({ min: 1, max: 4 }).map((n): IpAddress => ipv6FromBigInt((0x20010db8n << 96n) + BigInt(n)));
const any4 = fc.integer({ min: 0, max: 0xffffffff }).map((n): IpAddress => ipv4FromNumber(n));
const any6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((n): IpAddress => ipv6FromBigInt(n));

const keyOf = (addresses: fc.Arbitrary<IpAddress>, ports: fc.Arbitrary<number>, marks: fc.Arbitrary<number>) =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const), addresses, ports)
      .map(([protocol, address, number]): ServiceKey => addressServiceKey(protocol, address, port(number))),
    fc
      .tuple(fc.constantFrom('inet' as const, 'inet6' as const), marks)
      .map(([family, mark]): ServiceKey => fwmarkServiceKey(family, fwmark(mark))),
  );

/** Any key at all. */
export const anyKey: fc.Arbitrary<ServiceKey> = keyOf(
  fc.oneof(any4, any6),
  fc.integer({ min: 0, max: 65535 }),
  fc.integer({ min: 1, max: 0xffffffff }),
);

const fewKeys = keyOf(fc.oneof(few4, few6), fc.constantFrom(80, 443), fc.integer({ min: 1, max: 3 }));

export function settingsFor(key: ServiceKey): fc.Arbitrary<ServiceSettings> {
  const granularity =
    key.family === 'inet'
      ? any4.map((mask) => ({ family: 'inet' as const, mask }))
      : fc.integer({ min: 1, max: 128 }).map((prefix) => ({ family: 'inet6' as const, prefix }));
  return plainRecord({
    scheduler: fc.constantFrom('rr', 'wlc', 'sh', 'mh'),
    flags: fc.constantFrom(0, 4, 8, 0x10, 0x20, 0x3c),
    persistence: fc.option(plainRecord({ timeout: fc.integer({ min: 1, max: 2678400 }).map(seconds), granularity }), {
      nil: undefined,
    }),
    persistenceEngine: fc.constantFrom(undefined, undefined, 'sip'),
  });
}

const anyForwarding: fc.Arbitrary<ForwardingMethod> = fc.oneof(
  fc.constantFrom<ForwardingMethod>(
    { method: 'masq' },
    { method: 'local' },
    { method: 'droute' },
    { method: 'bypass' },
    { method: 'other', number: 5 },
    { method: 'tunnel', tunnel: { type: 'ipip' } },
    { method: 'tunnel', tunnel: { type: 'gre', checksum: 'nocsum' } },
    { method: 'tunnel', tunnel: { type: 'gre', checksum: 'csum' } },
    { method: 'tunnel', tunnel: { type: 'other', number: 9, port: port(1), flags: 4 } },
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 65535 }), fc.constantFrom('nocsum' as const, 'csum' as const, 'remcsum' as const))
    .map(
      ([number, checksum]): ForwardingMethod => ({
        method: 'tunnel',
        tunnel: { type: 'gue', port: port(number), checksum },
      }),
    ),
);

const destinationOf = (
  addresses: fc.Arbitrary<IpAddress>,
  forwarding: fc.Arbitrary<ForwardingMethod>,
  weights: fc.Arbitrary<number>,
): fc.Arbitrary<Destination> =>
  plainRecord({
    address: addresses,
    port: fc.constantFrom(80, 8080).map(port),
    forwarding,
    weight: weights.map(weight),
    upperThreshold: fc.constantFrom(0, 1000),
    lowerThreshold: fc.constantFrom(0, 10),
  });

/** Any destination at all. */
export const anyDestination: fc.Arbitrary<Destination> = destinationOf(
  fc.oneof(any4, any6),
  anyForwarding,
  fc.integer({ min: 0, max: 2147483647 }),
);

const fewDestinations = (key: ServiceKey): fc.Arbitrary<Destination> =>
  destinationOf(
    key.family === 'inet' ? few4 : few6,
    fc.constantFrom<ForwardingMethod>({ method: 'masq' }, { method: 'droute' }),
    fc.integer({ min: 0, max: 3 }),
  );

export const anyService: fc.Arbitrary<DesiredService> = fewKeys.chain((key) =>
  plainRecord({
    key: fc.constant(key),
    settings: settingsFor(key),
    destinations: fc.array(fewDestinations(key), { maxLength: 4 }).map(destinationMap),
  }),
);

/** A table of up to eight services; two such tables share names more often than not. */
export const anyTable: fc.Arbitrary<Map<string, DesiredService>> = fc
  .array(anyService, { maxLength: 8 })
  .map((services) => new Map(services.map((service) => [serviceKeyText(service.key), service])));
