/**
 * Our side of TLS checks: what the top-level SSL block names, read once and made into one context for all checks of a
 * process (a context costs milliseconds, a check must not).
 *
 * As in keepalived nothing is verified: a check asks whether the server answers, not who it is. So old protocol
 * versions, short keys and any certificate are accepted as far as Node's OpenSSL can speak them.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { SslConfig } from '../../config/global.js';
import { LvsdError } from '../../runtime/errors.js';

export interface TlsMaterial {
  readonly secureContext: SecureContext;
}

function read(file: string | undefined, word: string, ssl: SslConfig): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new LvsdError(
      'LVSD_SSL_FILE',
      `The SSL block (${ssl.at.file}:${ssl.at.line}) names ${word} ${file}, which cannot be read. Check the path and its permissions`,
      { cause, fields: { file } },
    );
  }
}

/**
 * Reads the files of the SSL block.
 * @param ssl undefined where the configuration has none
 * @throws LvsdError LVSD_SSL_FILE when a file cannot be read, LVSD_SSL_MATERIAL when OpenSSL does not take it
 */
export function loadTlsMaterial(ssl: SslConfig | undefined): TlsMaterial {
  const ca = ssl && read(ssl.caFile, 'ca', ssl);
  const cert = ssl && read(ssl.certificateFile, 'certificate', ssl);
  const key = ssl && read(ssl.keyFile, 'key', ssl);
  try {
    return {
      secureContext: createSecureContext({
        minVersion: 'TLSv1',
        ciphers: 'ALL:!aNULL:!eNULL:@SECLEVEL=0',
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(key && { key }),
        ...(ssl?.password !== undefined && { passphrase: ssl.password }),
      }),
    };
  } catch (cause) {
    const where = ssl === undefined ? '' : ` (${ssl.at.file}:${ssl.at.line})`;
    throw new LvsdError(
      'LVSD_SSL_MATERIAL',
      `The certificate, key or password of the SSL block${where} cannot be used. Check that key and certificate belong together and that both are PEM`,
      { cause },
    );
  }
}
