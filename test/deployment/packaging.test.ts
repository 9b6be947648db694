import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import packaging from '../../infra/packaging.cjs';

const { checkPackaging, takeFolders } = packaging;
const staging = { stage: 'staging', mode: 'dry-run', policy: 'infra/policy.yml' };

describe('what has to be right before a stage is packaged', () => {
  it('is a second word that names the stage, where a stage other than prod is live', () => {
    const message =
      'parameter mode of stage staging: found "live"; allowed: dry-run, or live together with liveStage=staging';
    expect(() => checkPackaging({ ...staging, mode: 'live' })).toThrow(message);
    expect(() => checkPackaging({ ...staging, mode: 'live', liveStage: 'yes' })).toThrow(message);
    expect(() => checkPackaging({ ...staging, mode: 'live', liveStage: 'staging' })).not.toThrow();
    expect(() => checkPackaging({ ...staging, stage: 'prod', mode: 'live' })).not.toThrow();
    expect(() => checkPackaging(staging)).not.toThrow();
  });

  it('is a policy that is there', () => {
    expect(() => checkPackaging({ ...staging, policy: '../none.yml' })).toThrow(
      'parameter policy of stage staging: found "../none.yml", which is no file seen from',
    );
    expect(() => checkPackaging({ ...staging, policy: 'infra' })).toThrow('which is no file');
  });
});

describe('the folders that osls packages in', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are of one process at a time', () => {
    const file = join(folder, 'packaged', 'in-use');
    takeFolders(file);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    expect(() => takeFolders(file)).toThrow(
      `another command packages in this clone (process ${process.pid}, as ${file} says). Wait until it is done`,
    );
  });

  it('are free again when the process that had them is gone', () => {
    const file = join(folder, 'in-use');
    // No process has this number: it is above the most that Linux and macOS give.
    writeFileSync(file, '2147483646\n');
    takeFolders(file);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  });
});
