import Table from 'cli-table3';
import stringWidth from 'string-width';
import { bold } from './colour.ts';
import { columnsOfTerminal } from './columns.ts';

const longestWord = (cell: string): number =>
  Math.max(0, ...cell.split(/\s+/).map((text) => stringWidth(text)));

const longestLine = (cell: string): number =>
  Math.max(0, ...cell.split('\n').map((text) => stringWidth(text)));

/** Between two columns. */
const gap = 2;

/**
 * How wide each column is: as its longest line where all fit; else the widest ones are wrapped, and no column is narrower
 * than its longest word.
 */
const widthsOf = (rows: string[][], room: number): number[] => {
  const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, column) =>
    rows.map((row) => row[column] ?? ''),
  );
  const wanted = columns.map((cells) => Math.max(...cells.map(longestLine)) + gap);
  const least = columns.map((cells) => Math.max(...cells.map(longestWord)) + gap);
  const widths = [...wanted];
  // What is widest gives way first, so that no column of sentences gets all of it and another nothing.
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over -= 1) {
    const spare = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.lastIndexOf(widest)] = widest - 1;
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
