/**
 * lvsctl's command line, by yargs: one verb a file, words to a call of the verb.
 *
 * Exit codes stand in `exit-code.ts` and in --help. Everything that a verb or yargs throws ends here as one line on
 * stderr; nothing else prints errors.
 */
import yargs, { type Argv } from 'yargs';
import { defaultControlSocket } from '../../observe/control-protocol.js';
import { describeError } from '../../runtime/errors.js';
import { ClientError } from './client.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { metrics } from './metrics.js';
import { plan } from './plan.js';
import { reload } from './reload.js';
import { status } from './status.js';
import type { Terminal, VerbContext } from './verb.js';

const epilogue = `Exit status: 0 done; 1 lvsd refused or failed (reload, plan: the configuration in force stays);
2 wrong usage; 3 lvsd does not run, or this user may not talk to it.`;

class UsageError extends Error {}

/**
 * Runs lvsctl.
 * @param words argv without the interpreter and the program
 * @param terminal where text goes
 * @param directory where relative file names start
 * @param version what --version prints
 */
export async function runLvsctl(
  words: readonly string[],
  terminal: Terminal,
  directory: string,
  version: string,
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const context = (socket: string): VerbContext => ({ terminal, socket, directory });
  const parser = commands(context, (code) => {
    exitCode = code;
  }).version(version);
  let printed = '';
  try {
    await parser.parseAsync([...words], {}, (_error, _argv, output) => {
      printed = output;
    });
    // Only --help and --version print by themselves: errors are thrown.
    if (printed !== '') terminal.out(`${printed}\n`);
    return exitCode;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`lvsctl: ${error.message}\nTry "lvsctl --help".\n`);
      return exitCodes.usage;
    }
    if (error instanceof ClientError) {
      terminal.err(`lvsctl: ${error.message}\n`);
      return error.exitCode;
    }
    terminal.err(`lvsctl: ${describeError(error)}\n`);
    return exitCodes.refused;
  }
}

function commands(context: (socket: string) => VerbContext, done: (code: ExitCode) => void): Argv<{ socket: string }> {
  const json = { type: 'boolean', default: false, describe: 'print the JSON document' } as const;
  return yargs()
    .scriptName('lvsctl')
    .usage('$0 VERB: talks to the lvsd that runs on this host.')
    .option('socket', {
      type: 'string',
      default: defaultControlSocket,
      describe: "lvsd's control socket",
      global: true,
    })
    .command(
      'status [name]',
      'show what lvsd does now: reloads, virtual servers, which servers are out and why',
      (y) =>
        y
          .positional('name', { type: 'string', describe: 'one virtual server, with its servers and checkers' })
          .option('all', { type: 'boolean', default: false, describe: 'list every virtual server' })
          .option('json', json),
      async (argv) => done(await status(context(argv.socket), { name: argv.name, all: argv.all, json: argv.json })),
    )
    .command(
      'plan <file>',
      'show what a reload of this file would change; nothing is done',
      (y) => y.positional('file', { type: 'string', demandOption: true }).option('json', json),
      async (argv) => done(await plan(context(argv.socket), { file: argv.file, json: argv.json })),
    )
    .command(
      'reload',
      'reload the configuration, wait, and show what was said about it',
      (y) => y.option('json', json),
      async (argv) => done(await reload(context(argv.socket), { json: argv.json })),
    )
    .command(
      'metrics',
      "print the metrics in Prometheus's format",
      (y) => y.option('real-servers', { type: 'boolean', default: false, describe: 'series for each real server too' }),
      async (argv) => done(await metrics(context(argv.socket), { realServers: argv['real-servers'] })),
    )
    .demandCommand(1, 1, 'Say what to do: status, plan, reload or metrics.')
    .strict()
    .help()
    .epilogue(epilogue)
    .wrap(null)
    .exitProcess(false)
    .fail((message, error) => {
      // yargs hands on either its own message or what a verb threw.
      throw error ?? new UsageError(message);
    });
}
