import { clockIn, type Report } from './report.ts';

/** Keeps what a text says from being read as Markdown. */
const plain = (text: string): string => text.replace(/([\\`*_{}[\]<>|#])/g, '\\$1');

const bullets = (texts: string[]): string[] => texts.map((text) => `- ${plain(text)}`);

/** A report as Markdown: the draft of a post-mortem, to go on writing in. */
export const markdownOf = (report: Report): string => {
  const { title, about, summary, story, sources, simplified, notSaved, groups, comparison, runs } = report;
  const clock = clockIn(report);
  const lines = [
    `# ${plain(title)}`,
    '',
    `${new Date(report.startsAt).toISOString()} to ${new Date(report.endsAt).toISOString()}. ${plain(about)}`,
    '',
    `**${plain(summary)}**`,
    ...(report.violations.length === 0
      ? []
      : ['', '## Rules were broken', '', ...bullets(report.violations)]),
    '',
    '## What went wrong',
    '',
    ...story.flatMap((paragraph) => [plain(paragraph), '']),
    ...(sources.length === 0 ? [] : [`Source: ${plain(sources.join('; '))}.`, '']),
    ...(simplified.length === 0
      ? []
      : ['Where the rehearsal does otherwise:', '', ...bullets(simplified), '']),
    '## What became of the groups',
    '',
    ...groups.map(({ name, summary: became }) => `- **${plain(name)}**: ${plain(became)}`),
    ...(comparison === undefined
      ? []
      : [
          '',
          `| | ${comparison.runs.map(plain).join(' | ')} |`,
          `| --- | ${comparison.runs.map(() => '---').join(' | ')} |`,
          ...comparison.groups.flatMap(({ name, note, rows }) => [
            `| **${plain(name)}**${note === undefined ? '' : ` (${plain(note)})`} | ${comparison.runs.map(() => '').join(' | ')} |`,
            ...rows.map(({ label, cells }) => `| ${plain(label)} | ${cells.map(plain).join(' | ')} |`),
          ]),
        ]),
    '',
    '## What was not saved',
    '',
    ...(notSaved.length === 0 ? [plain(report.allSaved)] : bullets(notSaved)),
    '',
    '## What was done, and why',
    ...runs.flatMap(({ title: run, lines: told }) => [
      '',
      `### ${plain(run)}`,
      '',
      ...told.flatMap(({ at, who, text, details }) => [
        `- ${clock(at)} ${who} ${plain(text)}`,
        ...details.map((detail) => `  - ${plain(detail)}`),
      ]),
    ]),
    ...(report.messages.length === 0
      ? []
      : [
          '',
          '## What people were told',
          ...report.messages.flatMap(({ at, subject, text }) => [
            '',
            `### ${clock(at)} ${plain(subject)}`,
            '',
            ...text.split('\n').map((line) => `    ${line}`),
          ]),
        ]),
    '',
  ];
  return lines.join('\n');
};
