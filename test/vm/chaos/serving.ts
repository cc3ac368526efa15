/**
 * The common beginning of most cases: real servers, a configuration, an lvsd that serves it, and waiting for its table.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseContext } from './cases.js';
import { configuration, expected, type TestService } from './configuration.js';
import { Daemon, type DaemonOptions, until } from './daemon.js';
import { RealServers } from './servers.js';
import { readTable, type Table, tableText } from './table.js';

/** A server that never answers. */
export const DEAD = '10.9.0.5';

/** Waits until the table is this one. */
export async function tableIs(wanted: Table, daemon?: Daemon, limitMs = 60_000): Promise<void> {
  const text = tableText(wanted);
  try {
    await until('the table is as wanted', () => tableText(readTable()) === text, limitMs);
  } catch (error) {
    const log = daemon === undefined ? '' : `\n--- log (status ${daemon.status}):\n${daemon.output}`;
    throw new Error(`${error}\n--- table:\n${tableText(readTable())}\n--- wanted:\n${text}${log}`);
  }
}

export const merge = (...tables: readonly Table[]): Table => new Map(tables.flatMap((table) => [...table]));

/** `count` services 10.9.1.1 ..., each with two live servers and the dead one. */
export const plainServices = (count: number): readonly TestService[] =>
  Array.from({ length: count }, (_, i) => ({
    vip: `10.9.1.${i + 1}`,
    servers: [{ address: '10.9.0.1' }, { address: '10.9.0.2' }, { address: DEAD }],
  }));

export interface Serving {
  readonly file: string;
  readonly servers: RealServers;
  readonly daemon: Daemon;
}

/** Opens 10.9.0.1-5 (the fifth dead), starts lvsd, and waits for its table. */
export async function serve(
  context: CaseContext,
  services: readonly TestService[],
  global = '',
  options: DaemonOptions = {},
  foreign: Table = new Map(),
): Promise<Serving> {
  const servers = await RealServers.open(context, 5, [DEAD]);
  const file = join(context.folder, 'keepalived.conf');
  writeFileSync(file, configuration(services, global));
  const daemon = Daemon.start(context, file, options);
  await daemon.started();
  await tableIs(merge(expected(services, [DEAD]), foreign), daemon);
  return { file, servers, daemon };
}

/** A service made by hand, as somebody else's. */
export const foreignTable: Table = new Map([['TCP 10.9.2.1:80', new Map([['10.9.0.9:80', 1]])]]);
export const foreignCommands = 'ipvsadm -A -t 10.9.2.1:80 -s rr; ipvsadm -a -t 10.9.2.1:80 -r 10.9.0.9:80 -m -w 1';
