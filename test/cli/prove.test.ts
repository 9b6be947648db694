import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { promises } from '../../rehearsal/random/ledger.ts';
import { createRandomIncident } from '../../rehearsal/random/random-incident.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = fileURLToPath(new URL('../../cli/prove.ts', import.meta.url));

describe('npm run prove', () => {
  it.each([
    ['no seeds', ['--seeds', '0']],
    ['a number of seeds that is none', ['--seeds', 'few']],
    ['a file that runs no longer with it', ['test/cli/holdfast.test.ts']],
    ['an option that it does not have', ['--seed', '3']],
    ['minutes for a test file', ['test/rehearsal/draining.test.ts', '--minutes', '1']],
    ['a seed to tell that is none', ['--tell', 'first']],
    ['a seed to tell, and how many', ['--tell', '7', '--seeds', '3']],
    ['a file to tell again, and groups', ['--replay', 'seed-1.json', '--groups', '3']],
  ])('refuses %s, and runs nothing', (_what, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('npm run prove -- [--seeds N] [--from S]');
  });

  it.each([
    ['that is not there', 'nowhere.json', 'cannot be read'],
    ['that is no JSON', 'README.md', 'is not JSON'],
    ['that is no incident', 'package.json', 'missing or wrong: seed, groups, parts, quirks, load'],
  ])('refuses to replay a file %s, and says what it takes', (_what, file, found) => {
    const { status, stderr } = spawnSync(process.execPath, [script, '--replay', file], {
      encoding: 'utf8',
      cwd: root,
    });
    expect(status).toBe(2);
    expect(stderr).toContain(`--replay: ${file}`);
    expect(stderr).toContain(found);
    expect(stderr).toContain('allowed: a file that npm run prove wrote');
  });

  it.each([
    ['of a kind that there is not', { kind: 'lost packets', from: 60 }, 'parts.1.kind'],
    ['that does not say when', { kind: 'ecs', group: 'group-1' }, 'parts.1.from'],
    ['whose time is no number', { kind: 'ecs', group: 'group-1', from: 'x' }, 'parts.1.from'],
    ['before the beginning', { kind: 'ecs', group: 'group-1', from: -5 }, 'parts.1.from'],
    ['that lasts for ever', { kind: 'loss', from: 60, lasts: 1e12, fraction: 0.1 }, 'parts.1.lasts'],
  ])('refuses to replay a part %s', (_what, part, wrong) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-'));
    const file = join(folder, 'seed-1.json');
    const parts = [{ kind: 'silence', from: 60, lasts: 60, services: ['SNS'] }, part];
    writeFileSync(file, JSON.stringify({ ...createRandomIncident(1), parts }));
    const { status, stderr } = spawnSync(process.execPath, [script, '--replay', file], {
      encoding: 'utf8',
      cwd: root,
    });
    rmSync(folder, { recursive: true });
    expect(status).toBe(2);
    expect(stderr).toContain(`missing or wrong: ${wrong}`);
  });

  it('says on its page how often each promise was looked at', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-prove-'));
    const { status, stdout } = spawnSync(process.execPath, [script, '--from', '1', '--seeds', '4'], {
      encoding: 'utf8',
      cwd: folder,
    });
    const page = readFileSync(join(folder, '.prove', 'report.txt'), 'utf8');
    rmSync(folder, { recursive: true });
    expect(status).toBe(0);
    expect(page).toBe(stdout);
    const [, line = ''] = /How often each promise was looked at: (.*)\./.exec(page) ?? [];
    const looks = new Map(
      line.split(', ').map((each) => [each.replace(/ \d+$/, ''), Number(/\d+$/.exec(each))]),
    );
    expect([...looks.keys()]).toEqual([...promises]);
    for (const promise of ['gives back', 'keeps the floor', 'tells the truth', 'leaves nothing'])
      expect(looks.get(promise), promise).toBeGreaterThan(0);
  });

  it('tells one incident with its timeline, and ends', () => {
    const { status, stdout } = spawnSync(process.execPath, [script, '--tell', '3'], {
      encoding: 'utf8',
      cwd: root,
      timeout: 60_000,
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^Seed 3, 7 groups: no promise is broken\n {2}part: \{[\s\S]*\n {2}03:\d\d {2}AWS /,
    );
  });

  it('replays an incident that breaks nothing, and says so', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-'));
    const file = join(folder, 'seed-1.json');
    writeFileSync(file, JSON.stringify({ ...createRandomIncident(1), parts: [] }));
    const { status, stdout } = spawnSync(process.execPath, [script, '--replay', file], {
      encoding: 'utf8',
      cwd: root,
    });
    rmSync(folder, { recursive: true });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${file}: no promise is broken\n` });
  });
});
