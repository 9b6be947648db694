import { type Policy, parsePolicy } from '../functions/events/policy.ts';
import type { GroupSpec } from '../rehearsal/cloud/auto-scaling-group.ts';
import type { AlarmSpec } from '../rehearsal/cloud/cloudwatch.ts';
import type { Story } from '../rehearsal/incident.ts';
import { groupOfTwo } from '../rehearsal/incidents/hour-of-packet-loss.ts';
import { type RehearsalResult, rehearse } from '../rehearsal/rehearse.ts';
import { parseOptions, runCommand } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

const usage = `npm run load [-- --json] [--up-to GROUPS]
Rehearses what one stage bears: many groups in one incident, many incidents at once, many launch events in a minute.
Prints a table, or with --json all numbers. It takes some minutes; the times in it are those of the simulated cloud, in
which the account allows ten Auto Scaling calls a second and nobody else makes any. With --up-to 200 only what is about
at most so many groups.`;

const callsPerSecond = 10;
const startsAt = '2026-03-02T03:00:00.000Z';
const launchesPerGroup = 5;
const lossSeconds = { from: 300, until: 2700 };

/** What is measured of one load. */
export interface Measured {
  load: string;
  /** Groups to be held, and those of which AWS accepted that. */
  groups: number;
  held: number;
  /** From the alarm to the last group held. */
  secondsToHold: number;
  /** What ten calls a second allow at best: one call for each group. */
  secondsAtBest: number;
  autoScalingCalls: number;
  throttled: number;
  writeUnits: number;
  dollars: number;
  largestPayloadBytes: number;
  largestHistoryEvents: number;
  executions: number;
  functionErrors: number;
  wallSeconds: number;
}

const tierOf = (incident: number): string => `tier-${incident}`;

const groupsOf = (incidents: number, each: number): GroupSpec[] =>
  Array.from({ length: incidents * each }, (_, index) =>
    groupOfTwo(`group-${String(index).padStart(4, '0')}`, tierOf(index % incidents)),
  );

const alarmOf = (incident: number): AlarmSpec => ({
  alarmName: `packet-loss-${incident}`,
  metric: { namespace: 'Network', name: 'PacketLoss', dimensions: {} },
  comparison: 'GreaterThanThreshold',
  threshold: 1,
  datapointsToAlarm: 2,
  evaluationPeriods: 3,
});

/** A rule for each incident, on an alarm of its own. */
const policyOf = (incidents: number): Policy =>
  parsePolicy(
    {
      rules: Array.from({ length: incidents }, (_, incident) => ({
        name: `packet-loss-${incident}`,
        when: { alarm: `packet-loss-${incident}` },
        do: 'pause-scaling',
        targets: { tags: { tier: tierOf(incident) } },
        with: { groupsMax: 5000 },
      })),
    },
    'the policy of a load',
  );

const storyOf = (name: string, more: Partial<Story> & Pick<Story, 'groups'>): Story => ({
  name,
  title: name,
  story: [],
  startsAt,
  durationSeconds: 4 * 3600,
  mayEndAfterSeconds: lossSeconds.until + 60,
  alarms: [],
  load: () => 80,
  losses: [],
  autoScalingCallsPerSecond: callsPerSecond,
  autoScalingBurst: 2 * callsPerSecond,
  ...more,
});

const secondsOf = (at: string): number => (Date.parse(at) - Date.parse(startsAt)) / 1000;

const measure = (
  load: string,
  since: number,
  groups: number,
  holding: string,
  result: RehearsalResult,
): Measured => {
  const calls = result.calls.filter(({ service }) => service === 'AutoScaling');
  const firstHeld = new Map<string, number>();
  for (const { at, operation, outcome, input } of calls) {
    const name = String(input.AutoScalingGroupName);
    if (operation === holding && outcome === 'ok' && !firstHeld.has(name)) firstHeld.set(name, secondsOf(at));
  }
  return {
    load,
    groups,
    held: firstHeld.size,
    secondsToHold: Math.round(Math.max(0, ...firstHeld.values()) - since),
    secondsAtBest: groups / callsPerSecond,
    autoScalingCalls: calls.length,
    throttled: calls.filter(({ outcome }) => outcome === 'Throttling').length,
    writeUnits: result.cost?.writeUnits ?? 0,
    dollars: Math.round(((result.cost?.dollars ?? 0) + (result.cost?.dollarsOfReads ?? 0)) * 10_000) / 10_000,
    largestPayloadBytes: result.largestPayloadBytes,
    largestHistoryEvents: Math.max(0, ...result.executions.map(({ historyEvents }) => historyEvents)),
    executions: result.executions.length,
    functionErrors: result.timeline.filter(({ text }) => /^the function \w+ failed/.test(text)).length,
    wallSeconds: Math.round(result.wallMilliseconds / 1000),
  };
};

const rehearseLoad = (incident: Story, policy: Policy): Promise<RehearsalResult> =>
  rehearse({
    incident,
    seed: 1,
    policy,
    withHoldfast: true,
    dryRun: false,
    countsCost: true,
    skipsSerialization: true,
    quirks: { othersShareOfCalls: 0, ec2EndsPerHour: 0, bestEffortLossRate: 0, duplicateRate: 0 },
    judge: () => [],
  });

/** So many incidents begin in the same minute, each over so many groups. */
const measureIncidents = async (incidents: number, each: number): Promise<Measured> => {
  const load =
    incidents === 1 ? `${each} groups, one alarm` : `${incidents} alarms at once, ${each} groups each`;
  const result = await rehearseLoad(
    storyOf(load, {
      groups: groupsOf(incidents, each),
      alarms: Array.from({ length: incidents }, (_, incident) => alarmOf(incident)),
      losses: [
        { name: load, fromSeconds: lossSeconds.from, untilSeconds: lossSeconds.until, fraction: () => 0.05 },
      ],
    }),
    policyOf(incidents),
  );
  const since =
    result.timeline.find(({ text }) => /^alarm packet-loss-\d+ is ALARM/.test(text))?.seconds ?? 0;
  return measure(load, since, incidents * each, 'SuspendProcesses', result);
};

/** So many launches fail within a minute, five in each group, and each group has to be protected. */
const measureLaunchEvents = async (events: number): Promise<Measured> => {
  const groups = groupsOf(1, events / launchesPerGroup);
  const load = `${events} launch events in a minute`;
  const from = 600;
  const result = await rehearseLoad(
    storyOf(load, {
      groups,
      launchFaults: [
        {
          name: 'launches fail',
          groups: groups.map(({ name }) => name),
          outcome: { kind: 'ended', statusMessage: 'Client.InternalError: Client error on launch' },
          fromSeconds: from,
          // After this they succeed, so that these are all.
          untilSeconds: from + 70,
        },
      ],
      deeds: groups.map(({ name }, index) => ({
        atSeconds: from + Math.floor((50 * index) / groups.length),
        text: `${name} asks for more`,
        act: ({ autoScaling }) => {
          // Not by a call: those of the account are for Holdfast here.
          const group = autoScaling.groups.get(name);
          if (group !== undefined) group.desiredCapacity += launchesPerGroup;
        },
      })),
    }),
    parsePolicy(
      {
        rules: [
          {
            name: 'launches-failing',
            when: { launchFailures: { count: 2, within: '1h' } },
            do: 'protect-instances',
            targets: { tags: { tier: tierOf(0) } },
            with: { expiresAfter: '10m', groupsMax: 5000 },
          },
        ],
      },
      'the policy of failing launches',
    ),
  );
  return measure(load, from, groups.length, 'SuspendProcesses', result);
};

const columns: [heading: string, of: (measured: Measured) => string | number][] = [
  ['load', ({ load }) => load],
  ['held', ({ held, groups }) => `${held} of ${groups}`],
  ['seconds to hold all', ({ secondsToHold }) => secondsToHold],
  ['at best', ({ secondsAtBest }) => secondsAtBest],
  ['Auto Scaling calls', ({ autoScalingCalls, throttled }) => `${autoScalingCalls} (${throttled} throttled)`],
  ['write units', ({ writeUnits }) => writeUnits],
  ['dollars', ({ dollars }) => dollars],
  ['executions', ({ executions }) => executions],
  ['largest payload', ({ largestPayloadBytes }) => `${Math.ceil(largestPayloadBytes / 1024)} KB`],
  ['longest history', ({ largestHistoryEvents }) => `${largestHistoryEvents} events`],
];

const tellTable = (rows: Measured[]): string =>
  [
    `| ${columns.map(([heading]) => heading).join(' | ')} |`,
    `| ${columns.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${columns.map(([, of]) => of(row)).join(' | ')} |`),
  ].join('\n');

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions(process.argv.slice(2), {
    json: { type: 'boolean' },
    'up-to': { type: 'string' },
    help: { type: 'boolean' },
  });
  const [word] = positionals;
  if (word !== undefined) throw new UsageError(`${word}: found a word; allowed: --json, --up-to`);
  const { 'up-to': text = '4000' } = values;
  if (!/^[1-9]\d{1,4}$/.test(text)) {
    throw new UsageError(`--up-to: found "${text}"; allowed: a number of groups, from 10`);
  }
  const upTo = Number(text);
  const rows: Measured[] = [];
  const note = (row: Measured): void => {
    rows.push(row);
    process.stderr.write(`${row.load}: ${row.wallSeconds} s\n`);
  };
  for (const groups of [10, 100, 1000, 4000]) if (groups <= upTo) note(await measureIncidents(1, groups));
  for (const incidents of [10, 50]) if (20 * incidents <= upTo) note(await measureIncidents(incidents, 20));
  for (const events of [500, 5000])
    if (events / launchesPerGroup <= upTo) note(await measureLaunchEvents(events));
  process.stdout.write(values.json === true ? `${JSON.stringify(rows, null, 2)}\n` : `${tellTable(rows)}\n`);
  return 0;
});
