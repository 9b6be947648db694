import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownOf } from './markdown.ts';
import { pageOf } from './page.ts';
import type { Report } from './report.ts';

/**
 * Writes a report as a page and as Markdown.
 *
 * @param folder made where it is not there
 * @param name of both files, without an ending
 * @returns the path of the page
 */
export const writeReport = (report: Report, folder: string, name: string): string => {
  mkdirSync(folder, { recursive: true });
  const page = join(folder, `${name}.html`);
  writeFileSync(page, pageOf(report));
  writeFileSync(join(folder, `${name}.md`), markdownOf(report));
  return page;
};
