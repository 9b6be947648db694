import Table from 'cli-table3';
import { bold } from './colour.ts';

/** As wide as the terminal, from 80 to 160; as a log is where there is none. */
export const columnsOfTerminal = (): number => Math.min(160, Math.max(80, process.stdout.columns ?? 100));

const longestWord = (cell: string): number => Math.max(0, ...cell.split(/\s+/).map((word) => word.length));

const longestLine = (cell: string): number => Math.max(0, ...cell.split('\n').map((line) => line.length));

/** Between two columns. */
const gap = 2;

/**
 * How wide each column is: as its longest line where all fit; else the last ones, which hold sentences, are wrapped, and
 * no column is narrower than its longest word.
 */
const widthsOf = (rows: string[][], room: number): number[] => {
  const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, column) =>
    rows.map((row) => row[column] ?? ''),
  );
  const wanted = columns.map((cells) => Math.max(...cells.map(longestLine)) + gap);
  const least = columns.map((cells) => Math.max(...cells.map(longestWord)) + gap);
  const widths = [...wanted];
  for (let column = widths.length - 1; column >= 0; column -= 1) {
    const over = widths.reduce((sum, width) => sum + width, 0) - room;
    if (over <= 0) break;
    widths[column] = Math.max(least[column] ?? 0, (wanted[column] ?? 0) - over);
  }
  return widths;
};

const noBorders = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
  ...{ right: '', 'right-mid': '', middle: '' },
};

/**
 * A table for people: no word is broken, and a column of sentences is wrapped.
 *
 * @param colour of a cell, by row and column
 */
export const tellTable = (
  head: string[],
  rows: string[][],
  colour: (text: string, row: number, column: number) => string = (text) => text,
): string => {
  const widths = widthsOf([head, ...rows], columnsOfTerminal());
  const table = new Table({
    chars: noBorders,
    colWidths: widths,
    wordWrap: true,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
  });
  table.push(head.map(bold));
  rows.forEach((row, index) => {
    table.push(row.map((cell, column) => colour(cell, index, column)));
  });
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
};
