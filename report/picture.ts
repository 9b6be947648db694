import { readFileSync } from 'node:fs';
import { parseHTML } from 'linkedom';
import { capacityChart, chartSizes, courseNames, laneChart, legendLine } from './charts.ts';
import type { Course, GroupCourse, Report } from './report.ts';

/** The colours of the page, for both themes: what its style begins with. */
const colours = (): string => {
  const css = readFileSync(new URL('page.css', import.meta.url), 'utf8');
  return css.slice(0, css.indexOf('* {'));
};

const { document } = parseHTML('<!doctype html><html><body></body></html>');

const escaped = (text: string): string => {
  const element = document.createElement('p');
  element.textContent = text;
  return element.innerHTML;
};

/** A chart, moved down in the picture. */
const at = (y: number, svg: string): string => svg.replace('<svg ', `<svg y="${y}" `);

/** One group of a report as an SVG that stands alone: for a README. */
export const pictureOf = (report: Report, group: GroupCourse): string => {
  const size = chartSizes.wide;
  const kinds = (Object.keys(courseNames) as Course['kind'][]).filter((kind) =>
    group.courses.some((course) => course.kind === kind),
  );
  const legend = kinds.map((kind, index) => {
    const { stroke, width, dash } = legendLine(kind);
    const x = size.marginLeft + index * 172;
    return `<line x1="${x}" x2="${x + 26}" y1="56" y2="56" stroke="${stroke}" stroke-width="${width}" stroke-dasharray="${dash}"/><text x="${x + 32}" y="60" font-size="11">${escaped(courseNames[kind])}</text>`;
  });
  const height = 76 + 240 + group.lanes.length * 22 + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escaped(`${group.name}: ${group.summary}`)}">`,
    `<style>${colours()}svg { color: var(--ink); }</style>`,
    `<rect width="${size.width}" height="${height}" fill="var(--paper)"/>`,
    `<text x="12" y="26" font-size="17" font-weight="600" fill="var(--ink)">${escaped(`${report.title}: ${group.name}`)}</text>`,
    `<g fill="var(--ink)">${legend.join('')}</g>`,
    at(76, capacityChart(group, report, size)),
    // A picture leads nowhere.
    at(
      316,
      laneChart(group.lanes, report, size, () => undefined),
    ),
    '</svg>',
    '',
  ].join('\n');
};
