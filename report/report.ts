import type { PlannedCall } from '../functions/domain/calls.ts';
import type { Evidence } from '../functions/domain/launches/evidence.ts';

/** Everything that a report shows: of a rehearsed story, or of a real incident. Times are milliseconds since 1970. */
export interface Report {
  title: string;
  /** What it is a report of, and how to make it again. */
  about: string;
  startsAt: number;
  endsAt: number;
  /** The difference that Holdfast made, or what became of the incident, in one sentence. */
  summary: string;
  /** What went wrong: paragraphs. */
  story: string[];
  sources: string[];
  simplified: string[];
  /** What was lost all the same, and what nobody could have saved. */
  notSaved: string[];
  /** What is said where that is nothing. */
  allSaved: string;
  groups: GroupCourse[];
  /** How many groups there are of which no chart is drawn, since nothing much happened to them. */
  groupsLeftOut: number;
  comparison?: Comparison;
  runs: Run[];
  messages: { at: number; subject: string; text: string }[];
  plan: PlannedCall[];
  evidence: Evidence[];
  /** Rules that were broken. */
  violations: string[];
}

/** One group over time. */
export interface GroupCourse {
  name: string;
  /** What became of it, in one sentence. */
  summary: string;
  minSize?: number;
  maxSize?: number;
  courses: Course[];
  lanes: Lane[];
}

/** A number over time: it changes at each point, and stays until the next. */
export interface Course {
  kind: 'needed' | 'works' | 'inService' | 'worksWithout' | 'inServiceWithout';
  points: { at: number; value: number }[];
}

/** A row of things that last, and of moments. */
export interface Lane {
  name: string;
  bands: { from: number; until: number; text: string }[];
  marks: { at: number; text: string }[];
}

/** One run, or one incident, as a list of what happened. */
export interface Run {
  /** Begins every id of its lines. */
  id: string;
  title: string;
  lines: RunLine[];
}

/** One thing that happened. */
export interface RunLine {
  at: number;
  who: string;
  /** The sentence, and what it rests on, a line each. */
  text: string;
  details: string[];
}

/** What became of each group, by run. */
export interface Comparison {
  runs: string[];
  groups: { name: string; note?: string; rows: { label: string; cells: string[] }[] }[];
}

/** As many groups get a chart: more is nothing that anybody looks at, and a page of five hundred has to stay small. */
export const chartsMax = 24;

/** Whether anything happened to a group that is worth a chart. */
export const isEventful = ({ lanes }: GroupCourse): boolean =>
  lanes.some(({ bands, marks }) => bands.length + marks.length > 0);

/** Tells the moments of a report: with their day where it lasts longer than one. */
export const clockIn = ({ startsAt, endsAt }: Pick<Report, 'startsAt' | 'endsAt'>) => {
  const isLong = endsAt - startsAt > 86_400_000;
  return (at: number): string =>
    isLong ? `${new Date(at).toISOString().slice(5, 10)} ${clockOf(at)}` : clockOf(at);
};

/** A moment, in UTC, to the minute. */
export const clockOf = (at: number): string => new Date(at).toISOString().slice(11, 16);
