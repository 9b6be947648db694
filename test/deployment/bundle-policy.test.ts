import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'holdfast-'));
  for (const folder of ['functions', 'infra'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
});
afterEach(() => rmSync(copy, { recursive: true }));

/** Loads the plugin as the packager does, in a process of its own. */
const loadPlugin = () => {
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'infra', 'bundle-policy.mjs')], {
    encoding: 'utf8',
  });
  return { status, stderr };
};

describe('infra/bundle-policy.mjs', () => {
  it('loads with the policy of this repository', () => {
    expect(loadPlugin()).toEqual({ status: 0, stderr: '' });
  });

  it('ends the packaging before anything is bundled when the policy is not valid, and says why', () => {
    const file = join(copy, 'infra', 'policy.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('block: scale-in', 'block: scale-out'));
    const { status, stderr } = loadPlugin();
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'rule "packet-loss", field with.block: found "scale-out"; allowed: "scale-in" or "all"',
    );
  });
});
