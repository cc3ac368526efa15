/**
 * Network namespaces of the test VM as hosts, joined by switches (a bridge each), with web servers on them.
 *
 * The commands are collected and run by one shell in `build`, since each process costs some 30 ms under emulation.
 * Duplicate address detection is off: addresses answer at once.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { shell, until } from './shell.js';

export class Network {
  /** Over all networks, since a switch may get further devices later. */
  static #ports = 0;
  readonly #commands: string[] = [];

  /** A host: a namespace with loopback up. */
  host(name: string): this {
    this.#commands.push(
      `ip netns add ${name}`,
      `ip -n ${name} link set lo up`,
      `ip netns exec ${name} sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 net.ipv4.conf.all.accept_redirects=0 net.ipv6.conf.all.accept_redirects=0 net.ipv6.conf.default.accept_redirects=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0`,
    );
    return this;
  }

  /** A switch. */
  lan(name: string): this {
    this.#commands.push(`ip netns add ${name}`, `ip -n ${name} link add bridge type bridge`);
    this.#commands.push(`ip -n ${name} link set bridge up`);
    return this;
  }

  /** Plugs a host's new device into a switch. @param addresses with prefix length, IPv4 or IPv6 */
  plug(lan: string, host: string, device: string, addresses: readonly string[]): this {
    const port = `port${Network.#ports++}`;
    this.#commands.push(
      `ip -n ${lan} link add ${port} type veth peer name ${device} netns ${host}`,
      `ip -n ${lan} link set ${port} master bridge up`,
      `ip -n ${host} link set ${device} up`,
      ...addresses.map((address) => `ip -n ${host} addr add ${address} dev ${device}`),
    );
    return this;
  }

  /** Further commands for one host, each run in its namespace. */
  on(host: string, ...commands: readonly string[]): this {
    for (const command of commands) this.#commands.push(`ip netns exec ${host} ${command}`);
    return this;
  }

  build(): void {
    shell(this.#commands.join('\n'));
  }
}

/** How long the answer to `/big` is: many packets. */
export const BIG_BYTES = 200_000;

/** nginx on a host, answering `/` with the host's name and `/big` with many bytes. */
export class WebServer {
  readonly host: string;
  readonly #folder: string;
  readonly #listen: readonly string[];

  /** @param listen what nginx calls listen: `80`, `[::]:80`, `10.0.0.1:80` */
  constructor(host: string, listen: readonly string[] = ['80', '[::]:80']) {
    this.host = host;
    this.#folder = `/run/web/${host}`;
    this.#listen = listen;
  }

  start(): void {
    mkdirSync(this.#folder, { recursive: true });
    const config = [
      `pid ${this.#folder}/pid; error_log ${this.#folder}/errors; worker_processes 1;`,
      'events { worker_connections 4096; }',
      'http { access_log off; default_type text/plain; keepalive_requests 1000000; keepalive_timeout 1h;',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${this.#folder}/temp;`),
      `server { ${this.#listen.map((one) => `listen ${one} reuseport backlog=4096;`).join(' ')}`,
      `location / { return 200 "${this.host}\\n"; } location = /big { root ${this.#folder}; } } }`,
    ];
    writeFileSync(`${this.#folder}/nginx.conf`, config.join('\n'));
    writeFileSync(`${this.#folder}/big`, 'x'.repeat(BIG_BYTES));
    shell(`ip netns exec ${this.host} nginx -e ${this.#folder}/errors -c ${this.#folder}/nginx.conf`);
  }

  /** SIGKILL to all its processes: the host refuses connections from then on. */
  async kill(): Promise<void> {
    const master = readFileSync(`${this.#folder}/pid`, 'utf8').trim();
    // The master first, or it would start the worker anew.
    const workers = shell(`cat /proc/${master}/task/${master}/children`).trim().split(/\s+/).filter(Boolean);
    for (const pid of [master, ...workers]) process.kill(Number(pid), 'SIGKILL');
    await until(
      () => shell(`ip netns exec ${this.host} ss -Hltn`).includes(':80 ') === false,
      20,
      `nginx of ${this.host} to be gone`,
    );
  }
}
