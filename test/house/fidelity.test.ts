import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const [simulated = '', leftOut = ''] = read('docs/fidelity.md').split('## Not simulated');
const rows = [...simulated.matchAll(/^\| (?!behaviour|---)(.+?) \|.*\| `([\w-]+)`: (.+?) \|$/gm)].map(
  ([, behaviour = '', file = '', title = '']): [string, string, string] => [behaviour, file, title],
);

describe('the table of what the simulated cloud does', () => {
  it('has rows, and each names a test', () => {
    const lines = simulated
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (behaviour|---)/.test(line));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows).toHaveLength(lines.length);
  });

  it('gives a reason for everything that it leaves out', () => {
    const lines = leftOut
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (left out|---)/.test(line));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toMatch(/^\| .{5,} \| .{20,} \|$/);
  });

  it.each(rows)('%s: is tested in %s', (_behaviour, file, title) => {
    expect(read(`test/rehearsal/${file}.test.ts`)).toContain(`'${title}`);
  });
});
