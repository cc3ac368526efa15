/**
 * The client of the traffic tests: a program of its own in the client's namespace. JSON in, JSON out.
 *
 *     client.js fetch VIP TIMES    new connections one after the other, each with a short and a long answer
 *     client.js hold VIP...        until SIGTERM: connections that last, with a request every quarter second, and a new
 *                                  connection beside them every third of a second, for every VIP
 *
 * An error is anything but a whole, right answer: refusal, reset, end, timeout, a wrong length, another server's name on
 * a connection that lasts.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { BIG_BYTES } from '../lab/network.js';

const PATIENCE_MS = 15_000;
const LASTING_PER_VIP = 2;

/** HTTP/1.1 on one connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { readonly done: (text: string) => void; readonly failed: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#look();
    });
    socket.on('error', (error) => this.#waiting?.failed(error));
    socket.on('close', () => this.#waiting?.failed(new Error('the connection was closed')));
  }

  static open(host: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: 80, noDelay: true });
      const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), PATIENCE_MS);
      socket.once('error', reject);
      socket.once('close', () => clearTimeout(timer));
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeListener('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** The body of the answer. */
  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(new Error('no answer in time')), PATIENCE_MS);
      this.#waiting = {
        done: (text) => {
          clearTimeout(timer);
          this.#waiting = undefined;
          resolve(text);
        },
        failed: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      if (this.#socket.destroyed) this.#waiting.failed(new Error('the connection was closed'));
      else this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: site\r\n\r\n`);
    });
  }

  #look(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (this.#received.length < end + 4 + length) return;
    const body = this.#received.slice(end + 4, end + 4 + length);
    this.#received = this.#received.slice(end + 4 + length);
    if (head.startsWith('HTTP/1.1 200 ')) this.#waiting?.done(body);
    else this.#waiting?.failed(new Error(`the answer was ${head.split('\r\n')[0]}`));
  }

  close(): void {
    this.#socket.end();
  }
}

/** Of connections that last, and of those that come and go. */
const lastingErrors: string[] = [];
const errors: string[] = [];
const failed = (what: string, error: unknown, list = errors): void => {
  list.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
};

async function fetchTimes(vip: string, times: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let i = 0; i < times; i++) {
    try {
      const connection = await Connection.open(vip);
      const who = (await connection.get('/')).trim();
      const big = await connection.get('/big');
      connection.close();
      if (big.length !== BIG_BYTES) throw new Error(`${who} sent ${big.length} bytes instead of ${BIG_BYTES}`);
      answers.set(who, (answers.get(who) ?? 0) + 1);
    } catch (error) {
      failed(vip, error);
    }
  }
  return answers;
}

let ending = false;
let exchanges = 0;
let opened = 0;

async function last(vip: string): Promise<void> {
  try {
    const connection = await Connection.open(vip);
    const first = await connection.get('/');
    while (!ending) {
      const who = await connection.get('/');
      exchanges++;
      if (who !== first) throw new Error(`it began with ${first.trim()} and is now answered by ${who.trim()}`);
      await pause(250);
    }
    connection.close();
  } catch (error) {
    failed(`a lasting connection to ${vip}`, error, lastingErrors);
  }
}

async function openAgainAndAgain(vip: string): Promise<void> {
  while (!ending) {
    try {
      const connection = await Connection.open(vip);
      await connection.get('/');
      connection.close();
      opened++;
    } catch (error) {
      failed(`a new connection to ${vip}`, error);
    }
    await pause(333);
  }
}

const [mode, ...words] = process.argv.slice(2);
if (mode === 'fetch') {
  const [vip = '', times = '1'] = words;
  const answers = await fetchTimes(vip, Number(times));
  process.stdout.write(JSON.stringify({ answers: Object.fromEntries(answers), errors }));
} else {
  process.once('SIGTERM', () => {
    ending = true;
  });
  const lasting = words.flatMap((vip) => Array.from({ length: LASTING_PER_VIP }, () => last(vip)));
  await Promise.all([...lasting, ...words.map(openAgainAndAgain)]);
  process.stdout.write(JSON.stringify({ exchanges, opened, lasting: lasting.length, lastingErrors, errors }));
}
