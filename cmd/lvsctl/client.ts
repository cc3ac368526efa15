/**
 * One request to lvsd over its control socket, and what to tell a person when that does not work.
 *
 * The three things that go wrong in the field have their own words: lvsd does not run, this user may not talk to it, and
 * lvsd is of another version. The answer's body is returned as text; the verbs read it.
 */
import { request } from 'node:http';
import type { ControlError } from '../../observe/control-protocol.js';
import { stateSchema } from '../../observe/state.js';
import { LvsdError } from '../../runtime/errors.js';
import { type ExitCode, exitCodes } from './exit-code.js';

/** A failure that ends lvsctl: the message is for the terminal. */
export class ClientError extends LvsdError {
  readonly exitCode: ExitCode;
  constructor(code: `LVSD_${string}`, message: string, exitCode: ExitCode, cause?: unknown) {
    super(code, message, { cause });
    this.exitCode = exitCode;
  }
}

export interface ControlRequest {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Milliseconds until lvsctl gives up waiting for the answer. */
  readonly patience: number;
}

/** Asks lvsd and returns the body of its answer. @throws ClientError */
export function ask(socketPath: string, wanted: ControlRequest): Promise<string> {
  const { method, path, body, patience } = wanted;
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request({ socketPath, method, path, headers: { host: 'lvsd', ...headers } }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', (error) => reject(cutShort(error)));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else reject(asClientError(text, response.statusCode ?? 0));
      });
    });
    outgoing.setTimeout(patience, () => outgoing.destroy(tooSlow(patience)));
    outgoing.on('error', (error) => reject(error instanceof ClientError ? error : unreachable(error, socketPath)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Reads a versioned document. @throws ClientError when it is not one, or of a version that this lvsctl does not know */
export function readDocument<T extends { readonly schema: 1 }>(text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw cutShort(error);
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== stateSchema) {
    throw new ClientError(
      'LVSD_CTL_VERSION',
      `lvsd answers with schema ${String(schema)} and this lvsctl reads ${stateSchema}. Use the lvsctl that came with the lvsd that runs, or restart lvsd after an upgrade.`,
      exitCodes.refused,
    );
  }
  return value as T;
}

function tooSlow(patience: number): ClientError {
  return new ClientError(
    'LVSD_CTL_TIMEOUT',
    `lvsd did not answer within ${patience / 1000} s. It may be busy or stuck: see its log, and "systemctl status lvsd".`,
    exitCodes.refused,
  );
}

function cutShort(cause: unknown): ClientError {
  const message = "lvsd's answer was cut short: it may have been stopped meanwhile. Try again.";
  return new ClientError('LVSD_CTL_CUT_SHORT', message, exitCodes.refused, cause);
}

function asClientError(text: string, status: number): ClientError {
  let said: Partial<ControlError> = {};
  try {
    said = JSON.parse(text) as Partial<ControlError>;
  } catch {
    // Not lvsd's words: the status has to do.
  }
  if (said.code === 'LVSD_CONTROL_UNKNOWN_PATH') {
    return new ClientError(
      'LVSD_CTL_VERSION',
      'The lvsd that runs is too old for this command. Restart lvsd after an upgrade, or use the lvsctl that came with it.',
      exitCodes.refused,
    );
  }
  const message = said.message ?? `lvsd answered with HTTP status ${status}.`;
  const cure = said.cure === undefined || said.cure === '' ? '' : ` ${said.cure}`;
  return new ClientError('LVSD_CTL_REFUSED', `${message}${cure}`, exitCodes.refused);
}

function unreachable(error: NodeJS.ErrnoException, path: string): ClientError {
  switch (error.code) {
    case 'ENOENT':
      return new ClientError(
        'LVSD_CTL_NOT_RUNNING',
        `lvsd is not running: there is no control socket ${path}. Start it (systemctl start lvsd); if the configuration sets control_socket, name it with --socket.`,
        exitCodes.unreachable,
        error,
      );
    case 'ECONNREFUSED':
      return new ClientError(
        'LVSD_CTL_NOT_RUNNING',
        `lvsd is not running: nobody listens on ${path}, which a former lvsd left. Start it (systemctl start lvsd).`,
        exitCodes.unreachable,
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return new ClientError(
        'LVSD_CTL_PERMISSION',
        `This user may not talk to lvsd: ${path} is for its owner only. Run lvsctl as root (sudo lvsctl ...).`,
        exitCodes.unreachable,
        error,
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return cutShort(error);
    default:
      return new ClientError(
        'LVSD_CTL_UNREACHABLE',
        `Cannot talk to lvsd on ${path}: ${error.message}. See that the path is lvsd's control socket.`,
        exitCodes.unreachable,
        error,
      );
  }
}
