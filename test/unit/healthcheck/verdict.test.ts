// Identities of checkers across reloads, and what may come through the pipe as a verdict.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Checker } from '../../../config/checker.js';
import { checkerIdentity, isVerdictChange } from '../../../healthcheck/verdict.js';
import { http, misc, tcp, verdict } from './virtual-servers.js';

test('the schedule and the place in the file are not part of a checker’s identity', () => {
  const moved: Checker = { ...tcp({ delayLoop: 3, retry: 9, alpha: true }), at: { file: 'b', line: 9, column: 9 } };
  assert.equal(checkerIdentity(tcp()), checkerIdentity(moved));
  assert.equal(checkerIdentity(http(['/'])), checkerIdentity(http(['/'], { delayLoop: 1 })));
  assert.equal(checkerIdentity(misc('/c')), checkerIdentity(misc('/c', { timeout: 99 })));
});

test('type, connection options and what the type adds are', () => {
  const different: readonly Checker[] = [
    tcp(),
    tcp({ port: 81 }),
    tcp({ ip: '10.1.0.2' }),
    tcp({ timeout: 6 }),
    http(['/']),
    http(['/a']),
    http(['/', '/a']),
    { ...http(['/']), virtualhost: 'example.com' },
    { ...http(['/']), kind: 'SSL_GET' },
    misc('/c'),
    misc('/c x'),
    misc('/c', { dynamic: true }),
  ];
  assert.equal(new Set(different.map(checkerIdentity)).size, different.length);
});

test('a verdict survives the pipe; anything else is refused', () => {
  for (const change of [verdict(0, true), verdict(3, false, { weight: 0 }), verdict(1, true, { run: false })]) {
    assert.ok(isVerdictChange(JSON.parse(JSON.stringify(change))));
  }
  const good = verdict(0, true);
  for (const bad of [
    null,
    [],
    { ...good, at: [0, 0] },
    { ...good, at: [0, 0, -1] },
    { ...good, up: 1 },
    { ...good, weight: -1 },
    { ...good, weight: 1.5 },
    { ...good, since: Number.NaN },
    { ...good, text: undefined },
  ]) {
    assert.equal(isVerdictChange(bad), false, JSON.stringify(bad));
  }
  fc.assert(fc.property(fc.anything(), (value) => typeof isVerdictChange(value) === 'boolean'));
});
