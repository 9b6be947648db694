import { readFileSync } from 'node:fs';
import { type ComponentChildren, Fragment, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { PlannedCall } from '../functions/domain/calls.ts';
import { tellingLine } from '../functions/domain/launches/evidence.ts';
import { counted } from '../functions/domain/times.ts';
import { capacityChart, chartSizes, courseNames, drawsMaximum, laneChart, legendLine } from './charts.ts';
import {
  type Comparison,
  type Course,
  clockIn,
  clockOf,
  type GroupCourse,
  type Report,
  type Run,
} from './report.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Messages and pieces of evidence that are shown whole; of more only the number is told. */
const shownMax = 60;

const raw = (html: string, props: Record<string, unknown> = {}): ComponentChildren =>
  h('div', { ...props, dangerouslySetInnerHTML: { __html: html } });

const section = (id: string, title: string, ...children: ComponentChildren[]): ComponentChildren =>
  h('section', { 'aria-labelledby': id }, h('h2', { id }, title), ...children);

const paragraphs = (texts: string[]): ComponentChildren[] => texts.map((text) => h('p', null, text));

const list = (texts: string[]): ComponentChildren =>
  h('ul', null, ...texts.map((text) => h('li', null, text)));

const lineId = (run: string, index: number): string => `${run}-${index}`;

/** The line of a run that a moment of a chart leads to: the first of Holdfast, or of anybody, from then on. */
const lineAt =
  ({ id, lines }: Run) =>
  (at: number): string => {
    const own = lines.findIndex((line) => line.at >= at - 500);
    return `#${lineId(id, own === -1 ? lines.length - 1 : own)}`;
  };

/** A short piece of line as the chart has it. */
const legendMark = (kind: Course['kind']): ComponentChildren => {
  const { stroke, width, dash } = legendLine(kind);
  const line = { x1: 0, y1: 6, x2: 28, y2: 6, stroke, 'stroke-width': width, 'stroke-dasharray': dash };
  return h('svg', { width: 28, height: 12, 'aria-hidden': 'true' }, h('line', line));
};

const legend = (groups: GroupCourse[]): ComponentChildren => {
  const kinds = (Object.keys(courseNames) as Course['kind'][]).filter((kind) =>
    groups.some(({ courses }) => courses.some((course) => course.kind === kind)),
  );
  return h(
    'ul',
    { class: 'legend' },
    ...kinds.map((kind) => h('li', null, legendMark(kind), courseNames[kind])),
  );
};

const valueAt = ({ points }: Course, at: number): number | undefined =>
  points.findLast((point) => point.at <= at)?.value;

/** The numbers behind a chart, for those who do not see it: about twenty moments. */
const numbersOf = ({ name, courses }: GroupCourse, { startsAt, endsAt }: Report): ComponentChildren => {
  const step = Math.max(5, Math.ceil((endsAt - startsAt) / 60_000 / 20 / 5) * 5) * 60_000;
  const moments: number[] = [];
  for (let at = startsAt + step; at <= endsAt; at += step) moments.push(at);
  return h(
    'details',
    null,
    h('summary', null, `Numbers of ${name}`),
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': `Numbers of ${name}` },
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, 'UTC'),
            ...courses.map(({ kind }) => h('th', { scope: 'col' }, courseNames[kind])),
          ),
        ),
        h(
          'tbody',
          null,
          ...moments.map((at) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, clockOf(at)),
              ...courses.map((course) => h('td', null, valueAt(course, at) ?? '')),
            ),
          ),
        ),
      ),
    ),
  );
};

const chartsOf = (group: GroupCourse, report: Report): ComponentChildren => {
  const hrefAt = report.runs[0] === undefined ? () => '#timeline' : lineAt(report.runs[0]);
  const inside = Object.fromEntries(
    Object.entries(chartSizes).flatMap(([size, { width, marginLeft, marginRight }]) => [
      [`data-${size}-left`, marginLeft / width],
      [`data-${size}-right`, marginRight / width],
    ]),
  );
  const drawn = (Object.entries(chartSizes) as [string, (typeof chartSizes)['wide']][]).map(
    ([size, pixels]) =>
      raw(
        `${group.courses.length === 0 ? '' : capacityChart(group, report, pixels)}${group.lanes.length === 0 ? '' : laneChart(group.lanes, report, pixels, hrefAt, group.courses.length === 0)}`,
        { class: size },
      ),
  );
  const { minSize, maxSize } = group;
  const sizes = [
    ...(minSize === undefined ? [] : [`minimum ${minSize}`]),
    ...(maxSize === undefined
      ? []
      : [`maximum ${maxSize}${group.courses.length > 0 && !drawsMaximum(group) ? ', above the chart' : ''}`]),
  ];
  return h(
    'article',
    null,
    h('h3', null, group.name),
    h('p', null, group.summary),
    sizes.length === 0 ? null : h('p', { class: 'quiet' }, `Sizes: ${sizes.join(', ')}.`),
    h('figure', { 'data-from': report.startsAt, 'data-until': report.endsAt, ...inside }, ...drawn),
    group.courses.length === 0 ? null : numbersOf(group, report),
  );
};

const comparisonOf = ({ runs, groups }: Comparison): ComponentChildren =>
  h(
    'div',
    { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Comparison' },
    h(
      'table',
      null,
      h('thead', null, h('tr', null, h('td', null), ...runs.map((run) => h('th', { scope: 'col' }, run)))),
      ...groups.map(({ name, note, rows }) =>
        h(
          'tbody',
          null,
          h(
            'tr',
            null,
            h(
              'th',
              { scope: 'rowgroup', colSpan: runs.length + 1 },
              note === undefined ? name : `${name} (${note})`,
            ),
          ),
          ...rows.map(({ label, cells }) =>
            h('tr', null, h('th', { scope: 'row' }, label), ...cells.map((cell) => h('td', null, cell))),
          ),
        ),
      ),
    ),
  );

const timelineOf = (run: Run, isOpen: boolean, clock: (at: number) => string): ComponentChildren =>
  h(
    'details',
    { open: isOpen },
    h('summary', null, h('strong', null, run.title), ` (${counted(run.lines.length, 'line')})`),
    h(
      'ol',
      { class: 'timeline' },
      ...run.lines.map(({ at, who, text, details }, index) =>
        h(
          'li',
          { id: lineId(run.id, index), 'data-at': at, 'data-who': who },
          h('time', { dateTime: new Date(at).toISOString() }, clock(at)),
          h('span', { class: 'who' }, who),
          h(
            'div',
            { class: 'text' },
            text,
            details.length === 0 ? null : h('ul', null, ...details.map((detail) => h('li', null, detail))),
          ),
        ),
      ),
    ),
  );

const planOf = (plan: PlannedCall[]): ComponentChildren[] =>
  plan
    .slice(0, shownMax)
    .map(({ operation, input, reason }) =>
      h('li', null, h('code', null, `${operation} ${JSON.stringify(input)}`), list([reason].flat())),
    );

const more = (count: number, what: string): ComponentChildren[] =>
  count > shownMax ? [h('p', null, `And ${counted(count - shownMax, what)} more.`)] : [];

const sections = (report: Report): ComponentChildren[] => {
  const { story, sources, simplified, notSaved, groups, groupsLeftOut, comparison, runs } = report;
  const { messages, plan, evidence } = report;
  const clock = clockIn(report);
  return [
    section(
      'wrong',
      'What went wrong',
      ...paragraphs(story),
      sources.length === 0 ? null : h('p', { class: 'quiet' }, `Source: ${sources.join('; ')}.`),
      simplified.length === 0
        ? null
        : h('details', null, h('summary', null, 'Where the rehearsal does otherwise'), list(simplified)),
    ),
    section(
      'course',
      'What became of the groups',
      groups.some(({ courses }) => courses.length > 0)
        ? h(
            'p',
            { class: 'quiet' },
            'Times are UTC. Bands and marks lead to the timeline. What works can be less than what is in service, because an instance that was never set up serves nobody; or more, because a larger instance counts for more. Where two bands lie over each other they are darker. Groups that were left alone differ a little between the runs, by chance.',
          )
        : null,
      groups.some(({ courses }) => courses.length > 0) ? legend(groups) : null,
      ...groups.map((group) => chartsOf(group, report)),
      groupsLeftOut === 0
        ? null
        : h(
            'p',
            { class: 'quiet' },
            `${counted(groupsLeftOut, 'more group')}: no chart is drawn; ${comparison === undefined ? 'the timeline has what there is to say of them' : 'the table below has their numbers'}.`,
          ),
      comparison === undefined ? null : comparisonOf(comparison),
    ),
    section(
      'lost',
      'What was not saved',
      notSaved.length === 0 ? h('p', null, report.allSaved) : list(notSaved),
    ),
    section(
      'timeline',
      'What was done, and why',
      ...runs.map((run, index) => timelineOf(run, index === 0, clock)),
    ),
    ...(messages.length === 0
      ? []
      : [
          section(
            'messages',
            'What people were told',
            ...messages
              .slice(0, shownMax)
              .map(({ at, subject, text }) =>
                h('details', null, h('summary', null, `${clock(at)} ${subject}`), h('pre', null, text)),
              ),
            ...more(messages.length, 'message'),
          ),
        ]),
    ...(plan.length === 0
      ? []
      : [
          section(
            'plan',
            'The plan',
            h(
              'details',
              null,
              h('summary', null, counted(plan.length, 'call')),
              h('ul', null, ...planOf(plan)),
            ),
            ...more(plan.length, 'call'),
          ),
        ]),
    ...(evidence.length === 0
      ? []
      : [
          section(
            'evidence',
            'Evidence that was kept',
            ...evidence
              .slice(0, shownMax)
              .map(({ instanceId, autoScalingGroupName, consoleOutput, waitingSince }) =>
                h(
                  'details',
                  null,
                  h(
                    'summary',
                    null,
                    `${instanceId} of ${autoScalingGroupName}, waiting since ${waitingSince}: ${tellingLine(consoleOutput) ?? 'its console was empty'}`,
                  ),
                  consoleOutput === undefined ? null : h('pre', null, consoleOutput.slice(-4000)),
                ),
              ),
            ...more(evidence.length, 'instance'),
          ),
        ]),
  ];
};

/** A report as one HTML page that needs nothing else: no network, no other file. */
export const pageOf = (report: Report): string => {
  const { title, about, summary, violations, startsAt, endsAt } = report;
  const day = new Date(startsAt).toISOString().slice(0, 10);
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charSet: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:",
      }),
      h('title', null, `${title} - Holdfast`),
      h('style', { dangerouslySetInnerHTML: { __html: read('page.css') } }),
    ),
    h(
      'body',
      null,
      h(
        'header',
        null,
        h(
          'p',
          { class: 'quiet' },
          `Holdfast. ${day}, ${clockOf(startsAt)} to ${clockIn(report)(endsAt)} UTC.`,
        ),
        h('h1', null, title),
        h('p', { class: 'difference' }, summary),
        violations.length === 0
          ? null
          : h(
              'div',
              { class: 'difference broken' },
              h('strong', null, 'Rules were broken'),
              list(violations),
            ),
        h('p', { class: 'quiet' }, about),
      ),
      h('main', null, h(Fragment, null, ...sections(report))),
      h('script', { dangerouslySetInnerHTML: { __html: read('page.client.js') } }),
    ),
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
};
