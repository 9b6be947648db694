import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tellTable } from '../../cli/terminal/table.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
const withoutColour = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '');
const sentence =
  'the alarm takes missing data for good, so it stays OK when the metric vanishes with the network';

describe('tellTable', () => {
  let columns: number | undefined;
  beforeEach(() => {
    columns = process.stdout.columns;
  });
  afterEach(() => {
    process.stdout.columns = columns as number;
  });

  it.each([
    [40, 80],
    [80, 80],
    [120, 120],
    [400, 160],
  ])('is no wider than a terminal of %i columns allows, %i, and breaks no word', (terminal, most) => {
    process.stdout.columns = terminal;
    const told = withoutColour(
      tellTable(
        ['READY?', 'RULE', 'FOUND', 'WHAT TO DO'],
        [['not ready', 'packet-loss', sentence, sentence]],
      ),
    );
    const lines = told.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(most);
    const words = new Set(told.split(/\s+/));
    for (const word of sentence.split(' ')) expect(words).toContain(word);
  });

  it('breaks no long name although another column is as wide', () => {
    process.stdout.columns = 80;
    const name = `by-hand-${'f'.repeat(36)}`;
    const row = ['web', sentence, 'a b '.repeat(10), sentence, `pause-scaling by hand (${name})`];
    expect(withoutColour(tellTable(['A', 'B', 'C', 'D', 'E'], [row]))).toContain(`(${name})`);
  });

  it('cuts no name of wide letters', () => {
    process.stdout.columns = 80;
    expect(withoutColour(tellTable(['GROUP', 'WHY'], [['テスト', sentence]]))).toContain('テスト');
  });

  it('makes room for a word that is longer than its share', () => {
    process.stdout.columns = 80;
    const name = 'w'.repeat(255);
    expect(withoutColour(tellTable(['GROUP', 'WHY'], [[name, sentence]]))).toContain(name);
  });
});
