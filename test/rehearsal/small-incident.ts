import type { JournalEntry } from '../../functions/domain/journal.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { sentenceOf } from '../../functions/domain/telling/sentence-of.ts';
import { loadPolicy } from '../../functions/policy.ts';
import type { GroupSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { stateMachineArn } from '../../rehearsal/cloud/step-functions.ts';
import type { Deed, Story } from '../../rehearsal/incident.ts';
import { groupOfTwo } from '../../rehearsal/incidents/hour-of-packet-loss.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { type RehearsalOptions, type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';

export const minutes = (count: number): number => count * 60;

/** Ten minutes into every small incident the packets are lost, for half an hour. */
export const lossBeginsAt = minutes(10);
export const lossEndsAt = minutes(40);

export const smallGroup = (name: string, over: Partial<GroupSpec> = {}): GroupSpec => ({
  ...groupOfTwo(name, 'web'),
  desiredCapacity: 4,
  ...over,
});

/** An incident of two small groups without scaling policies, told over two hours. */
export const smallIncident = (over: Partial<Story> = {}): Story => ({
  ...packetLoss,
  name: 'small',
  mustBeHeld: [],
  deeds: [],
  launchFaults: [],
  durationSeconds: minutes(120),
  groups: [smallGroup('web-a'), smallGroup('web-b')],
  load: () => 200,
  losses: [
    { name: 'packets are lost', fromSeconds: lossBeginsAt, untilSeconds: lossEndsAt, fraction: () => 0.2 },
  ],
  ...over,
});

/** Runs a small incident with people's deeds, and keeps hold of the simulated cloud. */
export const rehearseSmall = async (
  incident: Story,
  over: Partial<RehearsalOptions> = {},
): Promise<{ result: RehearsalResult; cloud: SimulatedCloud }> => {
  let cloud: SimulatedCloud | undefined;
  const catching: Deed = {
    atSeconds: 1,
    text: '',
    act: (running) => {
      cloud = running;
    },
  };
  const result = await rehearse({
    incident: { ...incident, deeds: [catching, ...(incident.deeds ?? [])] },
    seed: 1,
    policy: loadPolicy(),
    withHoldfast: true,
    dryRun: false,
    quirks: { duplicateRate: 0, suspensionDelaySeconds: 0, metricDelayMinutes: 0, othersShareOfCalls: 0 },
    ...over,
  });
  if (cloud === undefined) throw new Error('the cloud did not begin');
  return { result, cloud };
};

/** Something that somebody does at a moment of a story. */
export const deed = (atSeconds: number, act: (cloud: SimulatedCloud) => void): Deed => ({
  atSeconds,
  text: 'a deed',
  act,
});

/** Starts an execution by hand, as from the console. */
export const startByHand = (
  { stepFunctions }: SimulatedCloud,
  name: string,
  input: unknown,
  remediation: Remediation = 'pause-scaling',
): void => {
  stepFunctions.startExecution(stateMachineArn(`holdfast-rehearsal-${remediation}`), name, input);
};

/** The only execution's ARN. */
export const onlyExecution = ({ stepFunctions }: SimulatedCloud): string => {
  const [first, ...others] = [...stepFunctions.executions.keys()];
  if (first === undefined || others.length > 0)
    throw new Error(`expected one execution, found ${others.length}`);
  return first;
};

/** Calls of one operation that were accepted, with seconds since the start. */
export const accepted = (result: RehearsalResult, operation: string) =>
  result.calls
    .filter((call) => call.operation === operation && call.outcome === 'ok')
    .map(({ at, input }) => ({
      seconds: (Date.parse(at) - Date.parse(packetLoss.startsAt)) / 1000,
      group: String(input.AutoScalingGroupName),
      input,
    }));

export const journalOf = (cloud: SimulatedCloud): string[] =>
  cloud.store.listJournals().flatMap(({ entries }) => entries.map(lineOf));

/** A line of a journal with its event, and what a person can do about it. */
export const lineOf = (entry: JournalEntry): string =>
  [`${entry.event}: ${sentenceOf(entry)}`, ...(entry.todo ?? [])].join('. ');
