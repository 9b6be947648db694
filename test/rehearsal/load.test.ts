import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Measured } from '../../cli/load.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isProving = process.env.HOLDFAST_PROVE === '1';

const measure = (args: string[]): Measured[] => {
  const { stdout, stderr } = spawnSync(process.execPath, ['cli/load.ts', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(stderr);
  }
};

/** A load as the docs name it. */
const nameInDocs = ({ load, groups }: Measured): string =>
  / launch events /.test(load)
    ? `${groups.toLocaleString('en')} groups in which ${Number.parseInt(load, 10) / groups} launches each fail in the same minute`
    : load.replace('at once', 'in the same minute').replace(/^\d{4}/, (n) => Number(n).toLocaleString('en'));

const groupsOf = (load: string): number => {
  const [, alarms = '1', groups = '0'] =
    /^(?:(\d+) alarms in the same minute, )?([\d,]+) groups/.exec(load) ?? [];
  return Number(alarms) * Number(groups.replace(',', ''));
};

/** The rows of the table, each with its numbers in the order of the columns. */
const rowsInDocs = (): { load: string; groups: number; numbers: number[] }[] => {
  const docs = readFileSync(`${root}docs/operations.md`, 'utf8');
  const [, section = ''] = docs.split('## What one stage bears\n');
  return section
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => {
      const [load = '', held = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      const groups = groupsOf(load);
      const numbers = cells
        .flatMap((cell) => cell.replace('none', '0').match(/\d[\d,.]*/g) ?? ['0'])
        .map((text) => Number(text.replaceAll(',', '')));
      return { load, groups, numbers: [held === 'all' ? groups : Number.parseInt(held, 10), ...numbers] };
    }) as { load: string; groups: number; numbers: number[] }[];
};

const upTo = isProving ? 4000 : 200;

describe('what one stage bears', () => {
  it(`is what the docs say of it, of up to ${upTo} groups`, { timeout: 600_000 }, () => {
    const rows = rowsInDocs().filter(({ groups }) => groups <= upTo);
    const measured = measure(['--up-to', `${upTo}`]);
    expect(rows).toHaveLength(isProving ? 8 : 4);
    expect(measured.map(nameInDocs)).toEqual(rows.map(({ load }) => load));
    expect(measured.map(({ held }) => held)).toEqual(rows.map(({ numbers }) => numbers[0]));
    for (const [index, { load, numbers }] of rows.entries()) {
      const row = measured[index] as Measured;
      const found = [
        row.held,
        row.secondsToHold,
        row.secondsAtBest,
        row.autoScalingCalls,
        row.throttled,
        row.writeUnits,
        row.dollars,
        Math.ceil(row.largestPayloadBytes / 1024),
        row.largestHistoryEvents,
      ];
      // The docs say so: with so many at once AWS throttles the sweep too, and a later one does the rest.
      expect(row.functionErrors, load).toBe(load.startsWith('50 alarms') ? 4 : 0);
      // Of what was accepted and in what order a small change of the code changes a little.
      const differs = found.filter(
        (value, n) =>
          Math.abs(value - (numbers[n] ?? Number.NaN)) > 0.05 * value + (Number.isInteger(value) ? 1 : 0),
      );
      expect(numbers, load).toHaveLength(found.length);
      expect(found.every(Number.isFinite), load).toBe(true);
      expect(differs, `${load}: ${JSON.stringify({ found, numbers })}`).toEqual([]);
    }
  });

  it('refuses a number of groups that is none', () => {
    const { status, stderr } = spawnSync(process.execPath, ['cli/load.ts', '--up-to', 'many'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('--up-to: found "many"; allowed: a number of groups, from 10');
  });
});
