import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Course, clockOf, type GroupCourse, type Lane } from './report.ts';

/** Where the inside of a chart begins and ends, in its own pixels. */
export interface ChartSize {
  width: number;
  marginLeft: number;
  marginRight: number;
}

/** On a wide screen and on paper, and on a phone. */
export const chartSizes: Record<'wide' | 'narrow', ChartSize> = {
  wide: { width: 960, marginLeft: 84, marginRight: 16 },
  narrow: { width: 380, marginLeft: 84, marginRight: 20 },
};

/** Each course has its own colour, and its own dash for those who do not see colours. */
const lineOf: Record<Exclude<Course['kind'], 'needed'>, { stroke: string; width: number; dash?: string }> = {
  inServiceWithout: { stroke: 'var(--without)', width: 1.5, dash: '2,3' },
  inService: { stroke: 'var(--with)', width: 1.5, dash: '2,3' },
  worksWithout: { stroke: 'var(--without)', width: 2, dash: '7,3' },
  works: { stroke: 'var(--with)', width: 2.5 },
};

/** How a course looks in a legend. */
export const legendLine = (kind: Course['kind']): { stroke: string; width: number; dash: string } =>
  kind === 'needed' ? { stroke: 'var(--needed)', width: 10, dash: '' } : { dash: '', ...lineOf[kind] };

/** The courses in the words of the legend. */
export const courseNames: Record<Course['kind'], string> = {
  needed: 'needed by the users',
  works: 'works, with Holdfast',
  inService: 'in service, with Holdfast',
  worksWithout: 'works, without',
  inServiceWithout: 'in service, without',
};

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** The points of a course with the end of its last step, as dates. */
const stepsOf = ({ points }: Course, endsAt: number) => {
  const last = points.at(-1);
  const all =
    last === undefined || last.at >= endsAt ? points : [...points, { at: endsAt, value: last.value }];
  return all.map(({ at, value }) => ({ at: new Date(at), value }));
};

const highestOf = ({ courses, minSize = 0 }: GroupCourse): number =>
  Math.max(1, minSize, ...courses.flatMap(({ points }) => points.map(({ value }) => value)));

/** Whether the maximum is near enough to what happened to be drawn. */
export const drawsMaximum = (course: GroupCourse): boolean =>
  course.maxSize !== undefined && course.maxSize <= highestOf(course) * 1.5;

const svgOf = (role: 'img' | 'group', options: Plot.PlotOptions): string => {
  const figure = Plot.plot({ document: document as never, ...options });
  figure.removeAttribute('font-family');
  figure.setAttribute('role', role);
  // Labels of groups are not for readers of the page: the chart as a whole has one, and links have titles.
  for (const part of figure.querySelectorAll('[aria-label]')) {
    part.setAttribute('class', (part.getAttribute('aria-label') ?? '').replaceAll(' ', '-'));
    part.removeAttribute('aria-label');
  }
  // Its colours and its size come from the page.
  figure.querySelector('style')?.remove();
  // Numbers of the drawing, to a hundredth; names of groups stay as they are.
  return figure.outerHTML.replace(/ (?:d|transform|[xy][12]?|width|height)="[^"]*"/g, (attribute) =>
    attribute.replace(/(\d+\.\d{2})\d+/g, '$1'),
  );
};

const clock = (at: Date): string => clockOf(at.getTime());

/** Capacity over time, as an SVG. */
export const capacityChart = (
  course: GroupCourse,
  span: { startsAt: number; endsAt: number },
  size: ChartSize,
): string => {
  const { courses, minSize, maxSize, name } = course;
  const needed = courses.find(({ kind }) => kind === 'needed');
  const lines = (Object.keys(lineOf) as (keyof typeof lineOf)[]).flatMap((kind) => {
    const found = courses.find((each) => each.kind === kind);
    if (found === undefined) return [];
    const { stroke, width, dash } = lineOf[kind];
    return [
      Plot.lineY(stepsOf(found, span.endsAt), {
        x: 'at',
        y: 'value',
        stroke,
        strokeWidth: width,
        curve: 'step-after',
        ...(dash === undefined ? {} : { strokeDasharray: dash }),
      }),
    ];
  });
  const rule = (value: number, words: string) => [
    Plot.ruleY([value], { stroke: 'var(--quiet)', strokeDasharray: '1,4' }),
    Plot.text([words], {
      x: new Date(span.endsAt),
      y: value,
      text: (text: string) => text,
      textAnchor: 'end',
      dy: -6,
      fill: 'var(--quiet)',
    }),
  ];
  const isNarrow = size.width < 600;
  return svgOf('img', {
    ...size,
    height: isNarrow ? 200 : 240,
    marginBottom: 24,
    style: { fontSize: '11px' },
    ariaLabel: `Capacity of ${name} over time`,
    x: {
      type: 'utc',
      domain: [new Date(span.startsAt), new Date(span.endsAt)],
      label: null,
      ticks: isNarrow ? 4 : 9,
      tickFormat: clock,
    },
    y: {
      zero: true,
      domain: [0, drawsMaximum(course) ? (maxSize ?? 1) : highestOf(course)],
      nice: true,
      ticks: Math.min(5, highestOf(course)),
      tickFormat: 'd',
      label: 'instances',
      grid: true,
    },
    marks: [
      ...(needed === undefined
        ? []
        : [
            Plot.areaY(stepsOf(needed, span.endsAt), {
              x: 'at',
              y: 'value',
              fill: 'var(--needed)',
              curve: 'step-after',
            }),
          ]),
      ...(minSize === undefined || minSize === 0 || minSize === maxSize
        ? []
        : rule(minSize, `minimum ${minSize}`)),
      ...(drawsMaximum(course)
        ? rule(maxSize ?? 0, `${minSize === maxSize ? 'minimum and maximum' : 'maximum'} ${maxSize}`)
        : []),
      ...lines,
    ],
  });
};

const colourOf: Record<string, string> = {
  trouble: 'var(--trouble)',
  held: 'var(--with)',
  launches: 'var(--launches)',
  resize: 'var(--resize)',
  'needs a person': 'var(--trouble)',
  people: 'var(--ink)',
};

/**
 * What lasted and what happened, row by row, as an SVG whose parts lead to the timeline.
 *
 * @param hasAxis whether it says the time: not below a chart that does
 */
export const laneChart = (
  lanes: Lane[],
  span: { startsAt: number; endsAt: number },
  size: ChartSize,
  hrefAt: (at: number) => string | undefined,
  hasAxis = false,
): string => {
  const inSpan = (at: number): Date => new Date(Math.min(Math.max(at, span.startsAt), span.endsAt));
  const bands = lanes.flatMap(({ name, bands: own }) =>
    own.map(({ from, until, text }) => ({
      name,
      text,
      from: inSpan(from),
      until: inSpan(until),
      href: hrefAt(from),
    })),
  );
  const marks = lanes.flatMap(({ name, marks: own }) =>
    own.map(({ at, text }) => ({ name, text, at: inSpan(at), href: hrefAt(at) })),
  );
  type Part = { name: string; text: string; href: string | undefined };
  const told = {
    title: 'text',
    href: 'href',
    fill: ({ name }: Part) => colourOf[name] ?? 'var(--ink)',
  } as const;
  return svgOf('group', {
    ...size,
    height: lanes.length * 22 + (hasAxis ? 28 : 8),
    marginTop: 4,
    marginBottom: hasAxis ? 24 : 4,
    style: { fontSize: '11px' },
    ariaLabel: 'What happened, and what Holdfast did',
    x: {
      type: 'utc',
      domain: [new Date(span.startsAt), new Date(span.endsAt)],
      label: null,
      tickFormat: clock,
      ticks: size.width < 600 ? 4 : 9,
      axis: hasAxis ? 'bottom' : null,
    },
    y: { domain: lanes.map(({ name }) => name), label: null, tickSize: 0, padding: 0.3 },
    marks: [
      Plot.barX(bands, { x1: 'from', x2: 'until', y: 'name', fillOpacity: 0.45, ...told }),
      Plot.dot(marks, { x: 'at', y: 'name', r: 3.5, symbol: 'diamond', ...told }),
    ],
  });
};
