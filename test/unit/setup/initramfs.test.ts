// The initramfs is written by hand, so its format and the order of its modules are held here.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { repoRoot } from '../../root.js';

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly data?: Buffer;
  readonly device?: readonly [number, number];
}

interface Initramfs {
  newcArchive(entries: readonly Entry[]): Buffer;
  modulesInOrder(modules: string, names: readonly string[]): string[];
}

// Set-up code is plain JavaScript: it runs before there is a compiler.
const initramfs: Initramfs = await import(pathToFileURL(join(repoRoot, 'setup/initramfs.mjs')).href);

/** Reads an archive back, by the format's page and not by the writer's code. */
function entriesOf(archive: Buffer): { path: string; mode: number; data: string; device: number[] }[] {
  const found = [];
  let at = 0;
  for (;;) {
    assert.equal(archive.toString('latin1', at, at + 6), '070701', `a header at ${at}`);
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    assert.equal(archive[at + 110 + nameSize - 1], 0, 'a name ends with a zero byte');
    const start = (at + 110 + nameSize + 3) & ~3;
    if (path === 'TRAILER!!!') return found;
    found.push({ path, mode, data: archive.toString('utf8', start, start + size), device: [field(9), field(10)] });
    at = (start + size + 3) & ~3;
  }
}

test('an archive reads back as what went in, whatever the lengths of names and files', () => {
  const wanted = [
    { path: 'dev', mode: 0o040755, data: '', device: [0, 0] },
    { path: 'dev/console', mode: 0o020600, data: '', device: [5, 1] },
    ...[0, 1, 2, 3, 4, 5].map((length) => ({
      path: `f${'x'.repeat(length)}`,
      mode: 0o100644,
      data: 'y'.repeat(length),
      device: [0, 0],
    })),
  ];
  const archive = initramfs.newcArchive(
    wanted.map(({ path, mode, data, device }) => ({
      path,
      mode,
      data: Buffer.from(data),
      device: [device[0] ?? 0, device[1] ?? 0],
    })),
  );
  assert.equal(archive.length % 4, 0);
  assert.deepEqual(entriesOf(archive), wanted);
});

test('modules come after what they need, each once, built-in ones not at all', () => {
  const modules = mkdtempSync(join(tmpdir(), 'lvsd-modules-'));
  try {
    writeFileSync(
      join(modules, 'modules.dep'),
      [
        'kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/netfs/netfs.ko',
        'kernel/net/9p/9pnet.ko:',
        'kernel/fs/netfs/netfs.ko:',
        'kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko kernel/drivers/virtio/virtio-ring.ko',
        'kernel/drivers/virtio/virtio-ring.ko:',
        '',
      ].join('\n'),
    );
    writeFileSync(join(modules, 'modules.builtin'), 'kernel/fs/overlayfs/overlay.ko\n');
    assert.deepEqual(initramfs.modulesInOrder(modules, ['9p', 'overlay', '9pnet-virtio']), [
      'kernel/net/9p/9pnet.ko',
      'kernel/fs/netfs/netfs.ko',
      'kernel/fs/9p/9p.ko',
      'kernel/drivers/virtio/virtio-ring.ko',
      'kernel/net/9p/9pnet_virtio.ko',
    ]);
    assert.throws(() => initramfs.modulesInOrder(modules, ['no_such']), /no module no_such/);
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
});
