/**
 * The namespace that a daemon of the table tests runs in: every address is local, some of them answer.
 *
 * A route `local 0.0.0.0/0 dev lo` makes each address that a file names one of this host, so a check is answered or
 * refused at once, without a network and without changing the file. nginx answers on the addresses that the case
 * names; the rest refuses. Each run has a namespace of its own: deleted destinations of another would slow it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../root.js';
import { outputLater, shell, until } from '../lab/shell.js';

const CERTIFICATE = join(repoRoot, 'fixtures/probes/tls/certificate.pem');
const KEY = join(repoRoot, 'fixtures/probes/tls/key.pem');

export class Ground {
  readonly namespace: string;
  readonly configFile: string;
  readonly #folder: string;
  #listening: string | undefined;

  constructor(namespace: string) {
    this.namespace = namespace;
    this.#folder = `/run/tables/${namespace}`;
    this.configFile = `${this.#folder}/keepalived.conf`;
    mkdirSync(this.#folder, { recursive: true });
    shell(`
      ip netns add ${namespace}
      ip -n ${namespace} link set lo up
      ip netns exec ${namespace} sysctl -qw net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1
      ip -n ${namespace} link add eth0 type dummy
      ip -n ${namespace} addr add 192.0.2.1/24 dev eth0
      ip -n ${namespace} link set eth0 up
      ip -n ${namespace} route add local 0.0.0.0/0 dev lo
      ip -n ${namespace} -6 route add local ::/0 dev lo
    `);
  }

  writeConfig(text: string): void {
    writeFileSync(this.configFile, `${text}\n`);
  }

  /**
   * Makes these addresses answer and the others refuse; without a gap for those that answered before.
   * @param listen `10.0.0.1:80`, `[fd00::1]:80`, with `:ssl` behind it for TLS
   */
  async listen(listen: readonly string[]): Promise<void> {
    const key = [...new Set(listen)].sort().join(' ');
    if (key === (this.#listening ?? '')) return;
    const config = `${this.#folder}/nginx.conf`;
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const directives = [...new Set(listen)].map((one) =>
      one.endsWith(':ssl') ? `listen ${one.slice(0, -4)} ssl;` : `listen ${one};`,
    );
    // nginx without a listen directive takes port 80; a place that nobody asks stands in for "nobody".
    if (directives.length === 0) directives.push('listen 127.0.0.1:9;');
    writeFileSync(
      config,
      [
        `pid ${this.#folder}/nginx.pid; error_log ${this.#folder}/errors; worker_processes 1;`,
        'events { worker_connections 1024; } http { access_log off; default_type text/html;',
        ...temporary.map((kind) => `${kind}_temp_path ${this.#folder}/temp;`),
        `ssl_certificate ${CERTIFICATE}; ssl_certificate_key ${KEY};`,
        `server { ${directives.join(' ')} location / { return 200 "fine\\n"; } } }`,
      ].join('\n'),
    );
    const nginx = ['nginx', '-e', `${this.#folder}/errors`, '-c', config];
    await outputLater(this.namespace, this.#listening === undefined ? nginx : [...nginx, '-s', 'reload']);
    this.#listening = key;
    const wanted = directives.length;
    await until(
      async () => (await outputLater(this.namespace, ['ss', '-Hltn'])).trim().split('\n').length === wanted,
      60,
      `nginx of ${this.namespace} to listen on ${wanted} addresses`,
    );
  }

  /** Ends nginx and removes the namespace. */
  close(): void {
    if (this.#listening !== undefined) {
      process.kill(Number(readFileSync(`${this.#folder}/nginx.pid`, 'utf8').trim()), 'SIGTERM');
    }
    shell(`ip netns del ${this.namespace}`);
  }
}
