/** Runs a piece of JavaScript in a Node process of its own, with the compiled native faces within reach. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the compiled `native/` that belongs to this run of the tests. */
export const nativeFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'native');

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param script the body of a module; `native(name)` imports a file of native/
 * @param start may start the process in another way than plain spawn
 */
export function runChild(
  script: string,
  start: (file: string, args: readonly string[]) => ReturnType<typeof spawn> = (file, args) => spawn(file, args),
): Promise<ChildEnd> {
  const prelude = `const native = (name) => import(${JSON.stringify(nativeFolder)} + '/' + name + '.js');\n`;
  const child = start(process.execPath, ['--input-type=module', '-e', prelude + script]);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
