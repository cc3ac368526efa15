/**
 * The bytes that HTTP_GET and SSL_GET send, exactly keepalived's (keepalived.md 15.3): servers have rules that match
 * `KeepAliveClient`, and logs that are filtered by it.
 */
import type { HttpCheck, HttpUrl } from '../../config/checker.js';
import { isIpv6 } from '../../runtime/addresses.js';

/**
 * The Host header: the url's virtualhost, the checker's, or `ip:port` of what is connected to, with brackets around
 * IPv6. A virtualhost gets no port.
 */
export function hostOf(checker: HttpCheck, url: HttpUrl): string {
  const name = url.virtualhost ?? checker.virtualhost;
  if (name !== undefined) return name;
  const { address, port } = checker.connect;
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The whole request. 1.0 sends no Connection header; 1.0C and 1.1 send `Connection: close`. */
export function requestBytes(checker: HttpCheck, url: HttpUrl): Buffer {
  const version = checker.httpProtocol === '1.1' ? '1.1' : '1.0';
  const close = checker.httpProtocol === '1.0' ? '' : 'Connection: close\r\n';
  return Buffer.from(
    `GET ${url.path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${hostOf(checker, url)}\r\n\r\n`,
  );
}
