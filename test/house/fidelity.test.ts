import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const rows = [
  ...read('docs/fidelity.md').matchAll(/^\| (?!behaviour|---)(.+?) \|.*\| `([\w-]+)`: (.+?) \|$/gm),
].map(([, behaviour = '', file = '', title = '']): [string, string, string] => [behaviour, file, title]);

describe('the table of what the simulated cloud does', () => {
  it('has rows, and each names a test', () => {
    const lines = read('docs/fidelity.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (behaviour|---)/.test(line));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows).toHaveLength(lines.length);
  });

  it.each(rows)('%s: is tested in %s', (_behaviour, file, title) => {
    expect(read(`test/rehearsal/${file}.test.ts`)).toContain(`'${title}`);
  });
});
