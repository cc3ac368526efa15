/** HTTP requests as keepalived writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestBytes } from '../../../../healthcheck/probes/http-request.js';
import { serverNameOf } from '../../../../healthcheck/probes/ssl.js';
import type { Ipv6 } from '../../../../runtime/addresses.js';
import { connectTo, httpCheck, url } from './rig.js';

const text = (...arguments_: Parameters<typeof requestBytes>): string => requestBytes(...arguments_).toString();

test("the request is keepalived's to the byte", () => {
  const plain = url({ path: '/status?x=1' });
  const http = httpCheck(connectTo(8080), [plain]);
  assert.equal(
    text(http, plain),
    'GET /status?x=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:8080\r\n\r\n',
  );
  assert.equal(
    text({ ...http, httpProtocol: '1.0C', virtualhost: 'www.example' }, plain),
    'GET /status?x=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example\r\n\r\n',
  );
  assert.equal(
    text({ ...http, httpProtocol: '1.1', virtualhost: 'www.example' }, url({ virtualhost: 'own.example' })),
    'GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: own.example\r\n\r\n',
  );
});

test('an IPv6 address stands in brackets in the Host header', () => {
  const http = httpCheck(connectTo(80, { address: '2001:db8::1' as Ipv6 }), [url()]);
  assert.match(text(http, url()), /\r\nHost: \[2001:db8::1\]:80\r\n/);
});

test('the server name of the handshake', () => {
  const check = httpCheck(connectTo(443), [url()], { kind: 'SSL_GET', virtualhost: 'www.example:8443' });
  assert.equal(serverNameOf(check, url()), '');
  assert.equal(serverNameOf({ ...check, enableSni: true }, url()), 'www.example');
  assert.equal(serverNameOf({ ...check, enableSni: true }, url({ virtualhost: 'own.example' })), 'own.example');
  assert.equal(serverNameOf({ ...check, enableSni: true, sniName: 'sni.example' }, url()), 'sni.example');
  assert.equal(serverNameOf({ ...check, enableSni: true, virtualhost: '192.0.2.1:443' }, url()), '');
  assert.equal(serverNameOf({ ...check, enableSni: true, virtualhost: '[2001:db8::1]' }, url()), '');
  assert.equal(serverNameOf({ ...check, enableSni: true, virtualhost: undefined }, url()), '');
});
