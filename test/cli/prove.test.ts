import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../cli/prove.ts', import.meta.url));

describe('npm run prove', () => {
  it.each([
    ['no seeds', ['--seeds', '0']],
    ['a number of seeds that is none', ['--seeds', 'few']],
    ['a file that runs no longer with it', ['test/cli/holdfast.test.ts']],
    ['an option that it does not have', ['--seed', '3']],
  ])('refuses %s, and runs nothing', (_what, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('npm run prove -- [--seeds N] [--from S]');
  });
});
