import { isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import { counted } from '../functions/domain/times.ts';
import { type Story, troublesOf } from '../rehearsal/incident.ts';
import type { RehearsalResult } from '../rehearsal/rehearse.ts';
import { concernOf, entriesToTell, nameOfRun, summaryRows } from '../rehearsal/report.ts';
import type { Sample, Summary } from '../rehearsal/summary.ts';
import { type Outcome, sumOf, tellDifference, tellOutcome } from './difference.ts';
import { lanesOf } from './lanes.ts';
import {
  type Course,
  chartsMax,
  type GroupCourse,
  isEventful,
  type Lane,
  type Report,
  type Run,
} from './report.ts';
import { runLinesOf } from './run-lines.ts';

type GroupSummary = Summary['groups'][number];

/** How a story was asked for on the command line. */
export interface AskedFor {
  /** Its name or its file. */
  story?: string | undefined;
  policyFile?: string | undefined;
  fleetFile?: string | undefined;
}

const outcomeOf = ({ goodInstancesLost, minutesBelowNeeded, onlyCopies }: GroupSummary): Outcome => ({
  goodInstancesLost,
  minutesBelowNeeded,
  ...(onlyCopies === undefined ? {} : { copiesLost: onlyCopies.ended - onlyCopies.inSnapshots }),
});

/** What became of the groups that opted in; of all of them where none did. */
const outcomeOfRun = (story: Story, { summary }: RehearsalResult): Outcome => {
  const named = new Set(story.groups.filter(isOptedIn).map(({ name }) => name));
  const asked = summary.groups.filter(
    ({ autoScalingGroupName }) => named.size === 0 || named.has(autoScalingGroupName),
  );
  return sumOf(asked.map(outcomeOf));
};

/** The difference that Holdfast made in a story, in one sentence. */
export const differenceOf = (story: Story, without: RehearsalResult, helped: RehearsalResult): string =>
  `${tellDifference(outcomeOfRun(story, without), outcomeOfRun(story, helped))}${tellLeftAlone(story)}`;

/** How many groups the sentence is not about. */
const tellLeftAlone = ({ groups }: Story): string => {
  const alone = groups.filter((group) => !isOptedIn(group)).length;
  if (alone === 0 || alone === groups.length) return '';
  return ` ${counted(alone, 'group')} did not opt in, and ${alone === 1 ? 'is' : 'are'} not counted here.`;
};

/** The points at which a number changes. */
const courseOf = (
  kind: Course['kind'],
  samples: Sample[],
  read: (sample: Sample) => number,
  startsAt: number,
): Course => {
  const points = samples.map((sample) => ({
    at: startsAt + sample.seconds * 1000,
    value: Math.round(read(sample) * 100) / 100,
  }));
  return {
    kind,
    points: points.filter(({ value }, index) => index === 0 || value !== points[index - 1]?.value),
  };
};

const samplesOf = (result: RehearsalResult | undefined, name: string): Sample[] =>
  result?.inService.find(({ autoScalingGroupName }) => autoScalingGroupName === name)?.points ?? [];

const coursesOf = (
  name: string,
  startsAt: number,
  without: RehearsalResult | undefined,
  helped: RehearsalResult | undefined,
): Course[] => {
  const own = samplesOf(helped, name);
  const other = samplesOf(without, name);
  const broken = (samples: Sample[]): boolean =>
    samples.some(({ inService, capacity }) => inService > capacity);
  return [
    courseOf('needed', own.length > 0 ? own : other, ({ needed }) => needed, startsAt),
    ...(own.length === 0 ? [] : [courseOf('works', own, ({ capacity }) => capacity, startsAt)]),
    ...(broken(own) ? [courseOf('inService', own, ({ inService }) => inService, startsAt)] : []),
    ...(other.length === 0 ? [] : [courseOf('worksWithout', other, ({ capacity }) => capacity, startsAt)]),
    ...(broken(other) ? [courseOf('inServiceWithout', other, ({ inService }) => inService, startsAt)] : []),
  ];
};

/** What the world did to a group, in the words of the story. */
const troubleOf = (story: Story, name: string, startsAt: number): Lane => {
  const faults = troublesOf(story).filter(({ groups }) => groups === undefined || groups.includes(name));
  return {
    name: 'trouble',
    bands: faults.map(({ fromSeconds, untilSeconds, name: text }) => ({
      from: startsAt + fromSeconds * 1000,
      until: startsAt + untilSeconds * 1000,
      text,
    })),
    marks: [],
  };
};

const peopleOf = ({ timeline }: RehearsalResult, startsAt: number): Lane => ({
  name: 'people',
  bands: [],
  marks: timeline
    .filter(({ source }) => source === 'person')
    .map(({ seconds, text }) => ({ at: startsAt + seconds * 1000, text })),
});

const runOf = (id: string, title: string, story: Story, result: RehearsalResult, startsAt: number): Run => {
  const { entries, leftOut } = entriesToTell(story, result);
  return {
    id,
    title: leftOut === 0 ? title : `${title}, without what AWS did to single groups`,
    lines: runLinesOf(entries, startsAt),
  };
};

const summaryOf = (result: RehearsalResult | undefined, name: string): GroupSummary | undefined =>
  result?.summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === name);

const tellGroup = (
  name: string,
  without: RehearsalResult | undefined,
  helped: RehearsalResult | undefined,
): string => {
  const own = summaryOf(helped, name);
  const other = summaryOf(without, name);
  if (own !== undefined && other !== undefined) return tellDifference(outcomeOf(other), outcomeOf(own));
  const only = own ?? other;
  return only === undefined ? 'It is gone.' : `Of this group ${tellOutcome(outcomeOf(only))}.`;
};

/** What was lost all the same, with Holdfast where it ran. */
const notSavedOf = (story: Story, result: RehearsalResult): string[] => {
  const lost = result.summary.groups.filter((group) => {
    const { goodInstancesLost, minutesBelowNeeded, copiesLost = 0 } = outcomeOf(group);
    return goodInstancesLost + minutesBelowNeeded + copiesLost > 0;
  });
  const optedIn = new Set(story.groups.filter(isOptedIn).map(({ name }) => name));
  const ended = result.summary.groups.reduce((sum, { endedByEc2 }) => sum + endedByEc2, 0);
  return [
    ...lost.slice(0, 10).map((group) => {
      const name = group.autoScalingGroupName;
      return `${name}${optedIn.has(name) ? '' : ', which did not opt in and was left alone'}: ${tellOutcome(outcomeOf(group))}.`;
    }),
    ...(lost.length > 10 ? [`And ${counted(lost.length - 10, 'more group')}.`] : []),
    ...(ended === 0 ? [] : [`EC2 ended ${counted(ended, 'running instance')} by itself.`]),
    ...(story.couldNotSave ?? []),
  ];
};

/**
 * The report of a story.
 *
 * @param without the run without Holdfast, and `helped` the one with it; one of them at least
 * @param asked how the story was asked for, where it is not a shipped one alone
 */
export const reportOfRehearsal = (
  story: Story,
  without: RehearsalResult | undefined,
  helped: RehearsalResult | undefined,
  asked: AskedFor = {},
): Report => {
  const result = helped ?? without;
  if (result === undefined) throw new Error('A report needs a run');
  const runs = [without, helped].filter((run) => run !== undefined);
  const startsAt = Date.parse(story.startsAt);
  const endsAt = startsAt + result.virtualSeconds * 1000;
  const people = peopleOf(result, startsAt);
  const groups = story.groups.map((group): GroupCourse => {
    const { name, minSize, maxSize } = group;
    const lanes = [
      troubleOf(story, name, startsAt),
      ...lanesOf(name, helped?.journals ?? [], endsAt),
      ...(isOptedIn(group) ? [people] : []),
    ].filter(({ bands, marks }) => bands.length + marks.length > 0);
    return {
      name,
      summary: `${isOptedIn(group) ? '' : 'It did not opt in, and was left alone. '}${tellGroup(name, without, helped)}`,
      minSize,
      maxSize,
      courses: coursesOf(name, startsAt, without, helped),
      lanes,
    };
  });
  const isTold = (group: GroupCourse): boolean =>
    isEventful({ ...group, lanes: group.lanes.filter(({ name }) => name !== 'people') });
  // Those to which most happened, where there are more than anybody looks at.
  const concern = concernOf(runs);
  const weightOf = ({ name }: GroupCourse): number => concern.get(name) ?? 0;
  const told = groups.filter(isTold);
  const most = new Set([...told].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, chartsMax));
  const charted = told.filter((group) => most.has(group));
  const dryRun = helped?.dryRun === true;
  const option = (name: string, file: string | undefined): string =>
    file === undefined ? '' : ` --${name} ${file}`;
  const onlyOne = `${dryRun ? ' --dry-run' : ''}${helped === undefined ? ' --without-holdfast' : ''}`;
  const options = `${option('policy', asked.policyFile)}${option('fleet', asked.fleetFile)}${onlyOne}`;
  return {
    title: story.title,
    about: `A rehearsal in a simulated cloud: npm run ${without === undefined || helped === undefined ? 'rehearse' : 'story'} -- ${asked.story ?? story.name} --seed ${result.seed}${options}`,
    startsAt,
    endsAt,
    summary:
      without !== undefined && helped !== undefined
        ? differenceOf(story, without, helped)
        : `${helped === undefined ? 'Without Holdfast' : dryRun ? 'With Holdfast, which only looked,' : 'With Holdfast'} ${tellOutcome(outcomeOfRun(story, result))}.`,
    story: [story.story.join(' ')],
    sources: story.source ?? [],
    simplified: story.simplified ?? [],
    notSaved: notSavedOf(story, result),
    allSaved: 'Nothing that served was lost.',
    groups: charted,
    groupsLeftOut: groups.length - charted.length,
    comparison: {
      runs: runs.map(nameOfRun),
      groups: summaryRows(story, runs),
    },
    runs: [
      ...(helped === undefined
        ? []
        : [runOf('with', dryRun ? 'What a dry run saw' : 'With Holdfast', story, helped, startsAt)]),
      ...(without === undefined ? [] : [runOf('without', 'Without Holdfast', story, without, startsAt)]),
    ],
    messages: (helped?.messages ?? []).map(({ seconds, subject, text }) => ({
      at: startsAt + seconds * 1000,
      subject,
      text,
    })),
    plan: helped?.plan ?? [],
    evidence: helped?.evidence ?? [],
    violations: runs.flatMap(({ violations }) => violations),
  };
};
