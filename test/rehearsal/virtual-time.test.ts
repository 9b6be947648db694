import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runInVirtualTime } from '../../rehearsal/virtual-time.ts';

describe('virtual time', () => {
  it('stands still while a file is read, as an AWS client does with its first call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = ['config', 'credentials'].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, 'region = us-east-1\n'.repeat(10_000));

    const readAt = await runInVirtualTime('2026-03-02T03:00:00Z', 1, async (time) => {
      let seconds = Number.NaN;
      time.every(1, () => {});
      time.at(60, () => {
        void Promise.all(files.map((file) => readFile(file, 'utf8'))).then(() => {
          seconds = time.elapsedSeconds();
        });
      });
      await time.runUntil(3600);
      return seconds;
    });

    expect(readAt).toBe(60);
  });
});
