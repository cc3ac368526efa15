/**
 * From a checker of the configuration to its probe: the one switch over checker types.
 */
import { unreachable } from '../../runtime/errors.js';
import { startHttpProbe } from './http.js';
import { startMiscProbe } from './misc-check.js';
import type { StartProbe } from './probe.js';
import { startSslProbe } from './ssl.js';
import { startTcpProbe } from './tcp.js';

/** Starts one run of any checker; see `StartProbe`. A type that is not built yet answers that it could not ask. */
export const startProbe: StartProbe = (checker, target, context, done) => {
  switch (checker.kind) {
    case 'TCP_CHECK':
      return startTcpProbe(checker, target, context, done);
    case 'HTTP_GET':
      return startHttpProbe(checker, target, context, done);
    case 'SSL_GET':
      return startSslProbe(checker, target, context, done);
    case 'MISC_CHECK':
      return startMiscProbe(checker, target, context, done);
    case 'SMTP_CHECK':
    case 'DNS_CHECK':
    case 'UDP_CHECK':
    case 'PING_CHECK':
    case 'FILE_CHECK':
    case 'BFD_CHECK': {
      const timer = setImmediate(() =>
        done({ ok: null, detail: `${checker.kind} of ${target.checked}: lvsd cannot run this checker yet` }),
      );
      return () => clearImmediate(timer);
    }
    default:
      return unreachable(checker);
  }
};
