/**
 * The SSL block: lvsd's side of the TLS connections of SSL_GET (keepalived.md 8).
 */
import { keyword } from './forms.js';
import type { SslDraft } from './global-draft.js';
import { argument, block, type Keyword } from './keyword.js';

function sslWord(
  name: string,
  called: string,
  field: 'password' | 'caFile' | 'certificateFile' | 'keyFile',
  doc: string,
): Keyword<SslDraft> {
  return keyword<SslDraft>(
    { name, doc, whenMissing: `SSL ${called} missing` },
    [argument.text(field === 'password' ? 'PASSWORD' : 'FILE')],
    (ssl, statement, context) => {
      if (ssl[field] !== undefined) {
        const message = `SSL ${called} already specified - replacing`;
        context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 0, { assumed: 'the last one' });
      }
      ssl[field] = context.text(statement, 1);
    },
  );
}

export const sslBlock = block<SslDraft>('SSL', 'SSL', "lvsd's side of a TLS check.", [
  sslWord('password', 'password', 'password', 'Password of the key.'),
  sslWord('ca', 'cafile', 'caFile', 'Certificates of authorities, PEM.'),
  sslWord('certificate', 'certfile', 'certificateFile', 'Certificate that lvsd shows, PEM.'),
  sslWord('key', 'keyfile', 'keyFile', 'Its key, PEM.'),
]);
