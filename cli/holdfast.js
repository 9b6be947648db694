#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * What `npx holdfast` starts. In the installed package it is bundled JavaScript; in a clone it is TypeScript, which an
 * older Node does not run: there the one that npm ci brought does.
 */
// Kept by Node from one start to the next (Node 22.1 or newer).
module.enableCompileCache?.();
// The SDK says with every command that it will leave Node 20 one day; which Node is enough is said by package.json.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const bundled = new URL('../dist/main.js', import.meta.url);
const source = new URL('./main.ts', import.meta.url);
if (existsSync(bundled) && !existsSync(source)) {
  await import(bundled.href);
} else if (process.features.typescript) {
  await import(source.href);
} else {
  const node = module.createRequire(import.meta.url).resolve('node/bin/node');
  const child = spawn(node, [fileURLToPath(source), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches both: what it means is for the command to decide.
  process.on('SIGINT', () => {});
  child.on('exit', (status, signal) => {
    process.exitCode = status ?? (signal === null ? 1 : 130);
  });
}
