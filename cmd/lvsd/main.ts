/**
 * lvsd begins here: what was asked for, and which process this is.
 *
 * One program is every process of lvsd: the supervisor, the test of a configuration, and each role (`--role`, which
 * the supervisor adds). Each part is loaded only where it is needed, because the first action comes the sooner the
 * less is read before it.
 */
import { describeError } from '../../runtime/errors.js';
import { readCommandLine } from './command-line.js';
import { listenForEarlyHangup } from './early-hangup.js';
import { version } from './version.js';

// Without a listener Node answers SIGUSR1 by opening its debugger's port, which would give root to whoever connects.
process.on('SIGUSR1', () => {});
listenForEarlyHangup();

const outcome = readCommandLine(process.argv.slice(2), 'lvsd', version);

/** What the build asks for (rehearsal.ts). */
const rehearsed = {
  'rehearse-supervisor': 'supervisor',
  'rehearse-director': 'director',
  'rehearse-checker': 'checker',
  'rehearse-runner': 'runner',
} as const;

async function start(): Promise<void> {
  if (outcome.kind === 'end') {
    process[outcome.stream].write(outcome.text);
    process.exitCode = outcome.exitCode;
    return;
  }
  const { commandLine } = outcome;
  switch (commandLine.role) {
    case undefined:
      break;
    case 'director': {
      const [{ runRole }, { DirectorRole }] = await Promise.all([
        import('./roles/role.js'),
        import('./roles/director.js'),
      ]);
      runRole('director', (context) => new DirectorRole(context));
      return;
    }
    case 'checker': {
      const [{ runRole }, { CheckerRole }] = await Promise.all([
        import('./roles/role.js'),
        import('./roles/checker.js'),
      ]);
      runRole('checker', (context) => new CheckerRole(context));
      return;
    }
    case 'runner': {
      const [{ runRole }, { RunnerRole }] = await Promise.all([import('./roles/role.js'), import('./roles/runner.js')]);
      runRole('runner', (context) => new RunnerRole(context));
      return;
    }
    case 'rehearse-supervisor':
    case 'rehearse-director':
    case 'rehearse-checker':
    case 'rehearse-runner': {
      const { rehearse } = await import('./rehearsal.js');
      await rehearse(rehearsed[commandLine.role], commandLine.configFile);
      return;
    }
    default:
      process.stderr.write(`lvsd has no role ${commandLine.role}\n`);
      process.exitCode = 1;
      return;
  }
  if (commandLine.configTest !== undefined || commandLine.printConfig) {
    const { testConfiguration } = await import('./configuration-test.js');
    process.exitCode = testConfiguration(commandLine);
    return;
  }
  const { beginDaemon } = await import('./daemon-begin.js');
  const begun = beginDaemon(commandLine);
  const { startDaemon } = await import('./daemon.js');
  await startDaemon(commandLine, begun);
}

start().catch((error: unknown) => {
  process.stderr.write(`lvsd could not start: ${describeError(error)}\n`);
  process.exit(1);
});
