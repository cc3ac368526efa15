/**
 * The control socket: `ControlRoutes` served as JSON over HTTP on a Unix socket.
 *
 * It knows nothing of what the routes do. It keeps callers within bounds: bodies of at most 64 kB, ten seconds to send a
 * request, 32 callers at a time, one plan or reload at a time (a second one waits for its turn, a fifth is refused). The
 * socket is mode 0600 from its first instant on: who may connect may reload. A socket left by a dead lvsd is removed; one
 * that somebody listens on, or a path that is not a socket, is an error. A large status goes out in pieces, with other
 * work in between.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { LvsdError } from '../runtime/errors.js';
import { type ControlError, type ControlRoutes, metricsScope, type PlanRequest } from './control-protocol.js';
import { onlyVirtualServer, type StateDocument, stateAsJson } from './state.js';

const mostBodyBytes = 64 * 1024;
const mostConnections = 32;
const mostQueued = 4;
/** A caller that takes nothing of a large answer for this many milliseconds is cut off: the answer holds memory. */
const readerPatience = 60_000;
/** Pieces of a large answer are gathered to about this many characters a write. */
const writeSize = 256 * 1024;

export interface ControlSocketOptions {
  readonly path: string;
  readonly routes: ControlRoutes;
  /** Receives what went wrong inside; callers get the code and the message, not the stack. */
  readonly onError: (error: unknown) => void;
}

/** An answer that is not 200. */
class Refusal extends LvsdError {
  readonly status: number;
  constructor(status: number, code: `LVSD_CONTROL_${string}`, message: string, cure: string) {
    super(code, message, { fields: { cure } });
    this.status = status;
  }
}

export class ControlSocket {
  readonly #options: ControlSocketOptions;
  readonly #server: Server;
  #turn: Promise<unknown> = Promise.resolve();
  #queued = 0;

  private constructor(options: ControlSocketOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 1_000 });
    this.#server.maxConnections = mostConnections;
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /**
   * Listens. The folder is made if it is missing (mode 0755).
   * @throws LvsdError LVSD_CONTROL_SOCKET_IN_USE another lvsd listens there; LVSD_CONTROL_SOCKET it cannot be made
   */
  static async open(options: ControlSocketOptions): Promise<ControlSocket> {
    const socket = new ControlSocket(options);
    try {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o755 });
      await removeStale(options.path);
      await socket.#listen();
    } catch (error) {
      if (error instanceof LvsdError) throw error;
      throw new LvsdError(
        'LVSD_CONTROL_SOCKET',
        `Cannot listen on the control socket ${options.path}. lvsd serves without it, but lvsctl cannot reach it. Name another path with control_socket in global_defs.`,
        { cause: error, fields: { path: options.path } },
      );
    }
    return socket;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Stops listening, ends what is open, and removes the socket (Node does, when it closes a server on a path). */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // The bind happens inside listen(), so the mask makes the socket 0600 before anybody can see it.
      const mask = process.umask(0o177);
      try {
        this.#server.listen(this.#options.path, () => {
          this.#server.off('error', reject);
          this.#server.on('error', this.#options.onError);
          chmodSync(this.#options.path, 0o600);
          resolve();
        });
      } finally {
        process.umask(mask);
      }
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) this.#options.onError(error);
      if (response.headersSent) response.destroy();
      else {
        const [status, body] = asControlError(error);
        // What is left of an oversized body is not read: the connection ends with the answer.
        if (!request.complete) response.setHeader('connection', 'close');
        sendJson(response, status, body);
      }
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://lvsd');
    const { routes } = this.#options;
    switch (pathname) {
      case '/v1/status': {
        allow(request, 'GET');
        const document = await routes.status();
        await sendState(response, selected(document, searchParams.get('virtual_server')));
        return;
      }
      case '/v1/plan': {
        allow(request, 'POST');
        const wanted = readPlanRequest(await readBody(request));
        sendJson(response, 200, await this.#inTurn(() => routes.plan(wanted)));
        return;
      }
      case '/v1/reload':
        allow(request, 'POST');
        await readBody(request);
        sendJson(response, 200, await this.#inTurn(() => routes.reload()));
        return;
      case '/v1/metrics': {
        allow(request, 'GET');
        const { contentType, body } = await routes.metrics(metricsScope(searchParams));
        response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
        response.end(body);
        return;
      }
      default:
        throw new Refusal(
          404,
          'LVSD_CONTROL_UNKNOWN_PATH',
          `This lvsd has no ${pathname}.`,
          'Use lvsctl of the same version as lvsd, or one of /v1/status, /v1/plan, /v1/reload, /v1/metrics.',
        );
    }
  }

  /** Runs `work` after what was asked for before it. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#queued >= mostQueued) {
      throw new Refusal(
        503,
        'LVSD_CONTROL_BUSY',
        `${mostQueued} plans or reloads wait already.`,
        'Wait until they are done; "lvsctl status" shows the last reload.',
      );
    }
    this.#queued++;
    const before = this.#turn;
    const mine = before.then(work, work);
    this.#turn = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#queued--;
    }
  }
}

/** Removes a socket that nobody listens on. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new LvsdError(
      'LVSD_CONTROL_SOCKET',
      `${path} exists and is not a socket, so lvsd does not replace it. Remove it, or name another path with control_socket in global_defs.`,
      { fields: { path } },
    );
  }
  if (await somebodyListens(path)) {
    throw new LvsdError(
      'LVSD_CONTROL_SOCKET_IN_USE',
      `Another process listens on the control socket ${path}. Stop that lvsd, or give this one its own control_socket in global_defs.`,
      { fields: { path } },
    );
  }
  unlinkSync(path);
}

/** Only a refused connection proves that nobody is there: a full queue or missing permission does not. */
function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const end = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => end(true));
    probe.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function allow(request: IncomingMessage, method: 'GET' | 'POST'): void {
  if (request.method === method) return;
  throw new Refusal(
    405,
    'LVSD_CONTROL_METHOD',
    `${request.url} does not take ${request.method}.`,
    `Use ${method}, or lvsctl.`,
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > mostBodyBytes) {
      throw new Refusal(
        413,
        'LVSD_CONTROL_BODY_TOO_LONG',
        'The request is longer than 64 kB.',
        'Send only {"file": PATH}.',
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function readPlanRequest(body: string): PlanRequest {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && 'file' in value) {
    const { file } = value;
    if (typeof file === 'string' && file.startsWith('/') && !file.includes('\0')) return { file };
  }
  throw new Refusal(
    400,
    'LVSD_CONTROL_BAD_REQUEST',
    'A plan needs a JSON object with the absolute path of a file.',
    'Send {"file": "/etc/keepalived/keepalived.conf.new"}.',
  );
}

function selected(document: StateDocument, name: string | null): StateDocument {
  if (name === null) return document;
  const one = onlyVirtualServer(document, name);
  if (one !== undefined) return one;
  throw new Refusal(
    404,
    'LVSD_CONTROL_NO_VIRTUAL_SERVER',
    `There is no virtual server ${name}.`,
    'Write the name as "lvsctl status" shows it, such as [10.0.0.1]:tcp:80, or FWM 5.',
  );
}

function asControlError(error: unknown): readonly [number, ControlError] {
  if (error instanceof LvsdError) {
    const cure = typeof error.fields.cure === 'string' ? error.fields.cure : '';
    const status = error instanceof Refusal ? error.status : error.retriable ? 503 : 500;
    return [status, { code: error.code, message: error.message, cure }];
  }
  const message = 'lvsd met an error of its own while it answered.';
  return [500, { code: 'LVSD_INTERNAL', message, cure: "See lvsd's log for it, and report it." }];
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Writes the document piece by piece; lets other work in after each write, and waits for a slow reader. */
async function sendState(response: ServerResponse, document: StateDocument): Promise<void> {
  response.setTimeout(readerPatience, () => response.destroy());
  response.writeHead(200, { 'content-type': 'application/json' });
  let gathered = '';
  for (const piece of stateAsJson(document)) {
    gathered += piece;
    if (gathered.length < writeSize) continue;
    const wrote = response.write(gathered);
    gathered = '';
    if (wrote) await new Promise((resolve) => setImmediate(resolve));
    else await drained(response);
    if (response.destroyed) return;
  }
  response.end(gathered);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
