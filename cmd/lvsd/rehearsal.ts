/**
 * A start walked through without touching anything, so that the build can keep the code that V8 compiled for it
 * (setup/code-cache.mjs). Each kind of process loads what it loads and does once what it does until the table stands: the
 * supervisor reads a file, a role binds what the supervisor hands it, the director plans it and encodes every message.
 *
 * No socket is opened, no process started, no file written. What is not walked here still works, it is only compiled when
 * it is first called; so nothing has to be kept in step with this file.
 */
import { loadConfiguration, type ReadOptions } from './configuration.js';
import type { RoleName } from './messages.js';

export type Rehearsed = RoleName | 'supervisor';

/**
 * @param kind which process of lvsd
 * @param file a configuration with what many configurations have
 * @throws Error when a step fails: the build then goes without
 */
export async function rehearse(kind: Rehearsed, file: string): Promise<void> {
  const options: ReadOptions = { configId: undefined, strictIncludes: false, subsystems: { checker: true } };
  switch (kind) {
    case 'supervisor':
      await Promise.all([import('./daemon-begin.js'), import('./daemon.js'), import('./daemon-faces.js')]);
      loadConfiguration(file, options);
      return;
    case 'director':
      await Promise.all([import('./roles/role.js'), import('./roles/director.js')]);
      await direct(loadConfiguration(file, options).encoded);
      return;
    case 'checker':
      await Promise.all([import('./roles/role.js'), import('./roles/checker.js')]);
      await bind(loadConfiguration(file, options).encoded);
      return;
    case 'runner':
      await Promise.all([import('./roles/role.js'), import('./roles/runner.js')]);
      await bind(loadConfiguration(file, options).encoded);
      return;
  }
}

async function bind(encoded: Uint8Array) {
  const [{ parseSnapshot }, { decodeSnapshot }] = await Promise.all([
    import('../../parser/parse.js'),
    import('../../parser/snapshot.js'),
  ]);
  return parseSnapshot(decodeSnapshot(encoded)).config;
}

async function direct(encoded: Uint8Array): Promise<void> {
  const [{ Director }, journal, { reconcile }, { addOperation }, { GenericRequests }, { SinkLog }] = await Promise.all([
    import('../../director/director.js'),
    import('../../director/journal.js'),
    import('../../ipvs-netlink/reconcile.js'),
    import('../../ipvs-netlink/operations.js'),
    import('../../netlink/generic-netlink.js'),
    import('../../runtime/log.js'),
  ]);
  const config = await bind(encoded);
  const requests = new GenericRequests({ id: 0x23, version: 1 });
  const apply = (operations: ReturnType<typeof reconcile>) => {
    const batch = requests.begin();
    for (const operation of operations) addOperation(batch, operation);
    const done = operations.length;
    return Promise.resolve({
      done,
      tolerated: 0,
      refused: [],
      skipped: [],
      messages: done,
      sends: 1,
      uncertain: false,
    });
  };
  const director = new Director({
    log: new SinkLog([]),
    wall: () => 0,
    table: {
      plan: (desired, owned) => reconcile(desired, new Map(), owned),
      converge: (desired, owned) => apply(reconcile(desired, new Map(), owned)),
      adjust: (part, owned) => apply(reconcile(part, new Map(), owned)),
    },
    journal: {
      append: () => true,
      replace: (whole) => {
        const identity = { bootId: '', namespace: '' };
        journal.formatLines(journal.journalLines(identity, { ...journal.emptyJournal, ...whole }));
      },
    },
    present: () => true,
    effect: () => {},
  });
  await director.start(config, 1, journal.emptyJournal);
}
