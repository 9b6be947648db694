import type { JournalEntry } from '../../functions/domain/journal.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { sentenceOf } from '../../functions/domain/telling/sentence-of.ts';
import { counted, spokenTime } from '../../functions/domain/times.ts';
import type { Runtime } from '../../functions/lambda/runtime.ts';
import type { PlanHoldResult } from '../../functions/tasks/holds/plan-hold.ts';
import type { PlanResizeResult } from '../../functions/tasks/resize/plan-resize.ts';
import { tellCalls } from '../../rehearsal/timeline.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { defaultStage, stageOf, stateMachineArn } from '../laptop/deployed-stage.ts';
import { createPlanningRuntime } from '../laptop/planning-runtime.ts';
import { type ExecutionRequest, type RequestFlags, toExecutionRequest } from '../laptop/request.ts';
import { bad, bold, dim, good, warned } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { waiting } from '../terminal/waiting.ts';
import { readPolicy } from './read-policy.ts';

/** What the command line says of a plan. */
export interface PlanFlags extends AccountFlags, RequestFlags {
  policy?: string;
  stage?: string;
  json?: boolean;
}

/** A plan, as it was made on this machine. */
export interface Plan {
  result: PlanHoldResult | PlanResizeResult;
  /** All of it, in words and calls. */
  journal: JournalEntry[];
}

/** A function that plans, loaded when it is asked for. */
type LoadPlanner = () => Promise<
  (runtime: Runtime) => (state: never) => Promise<PlanHoldResult | PlanResizeResult>
>;

const planHold: LoadPlanner = async () =>
  (await import('../../functions/handlers/plan-hold.ts')).definition.wire as never;

/** What plans the remediations that do more than hold. */
const planners: Partial<Record<Remediation, LoadPlanner>> = {
  'drain-pending-wait': async () =>
    (await import('../../functions/handlers/plan-drain.ts')).definition.wire as never,
  'resize-in-place': async () =>
    (await import('../../functions/handlers/plan-resize.ts')).definition.wire as never,
};

/**
 * Plans as an execution would, with the same task and through the same gate.
 *
 * @throws what the task throws: InvalidInputError, UnreadableFactError, and what AWS answers
 */
export const makePlan = async (
  account: Account,
  runtime: Runtime,
  { remediation, input }: ExecutionRequest,
): Promise<Plan> => {
  const machine = stateMachineArn(account, runtime.config.stage, remediation);
  const name = `plan-${runtime.clock.now().slice(0, 19).replaceAll(/\D/g, '')}`;
  const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
  const plan = (await (planners[remediation] ?? planHold)())(runtime);
  const result = await plan({ executionArn, remediation, input } as never);
  return { result, journal: await runtime.store.readJournal(executionArn) };
};

type GroupEntry = JournalEntry & { autoScalingGroupName: string };

const isOfGroup = (entry: JournalEntry): entry is GroupEntry => entry.autoScalingGroupName !== undefined;

/** What a line of a plan means for its group. */
const whatOf = ({ event, because }: JournalEntry): string => {
  if (event === 'refused') return 'left alone';
  if (event === 'warned') return 'look out';
  if (event === 'checked') return because === 'FIT' ? 'fits' : 'does not fit';
  return because === 'NOTHING' || because === 'WAIT' ? 'nothing now' : 'would act';
};

const colourOf: Record<string, (text: string) => string> = {
  'would act': good,
  'left alone': bad,
  'look out': warned,
  'does not fit': warned,
};

/** What a person reads of a plan: what speaks for all checks of a resize is left to `--json`. */
const shownOf = (journal: JournalEntry[]): GroupEntry[] =>
  journal.filter(isOfGroup).filter(({ event, because }) => !(event === 'checked' && because === 'FIT'));

/** A plan as people read it. */
export const tellPlan = ({ result, journal }: Plan): string => {
  const shown = shownOf(journal);
  const rows = shown.map((entry) => [
    entry.autoScalingGroupName,
    whatOf(entry),
    sentenceOf({ ...entry, autoScalingGroupName: undefined } as never),
  ]);
  const withCalls = shown.filter(({ calls = [] }) => calls.length > 0);
  const reasons = [
    ...new Set(withCalls.flatMap(({ calls = [] }) => calls.flatMap(({ reason }) => [reason].flat()))),
  ];
  const whole = journal.filter((entry) => entry.event === 'refused' && !isOfGroup(entry));
  return [
    ...(rows.length === 0
      ? ['No group was found.']
      : [
          tellTable(['GROUP', 'WHAT', 'WHY'], rows, (text, _row, column) =>
            column === 1 ? (colourOf[text] ?? dim)(text) : text,
          ),
        ]),
    ...(withCalls.length === 0
      ? []
      : [
          '',
          bold('CALLS that a live run would begin with'),
          ...withCalls.flatMap(({ calls = [] }) => tellCalls(calls).map((line) => `  ${line}`)),
          '',
          bold('BECAUSE'),
          ...reasons.map((reason) => `  ${reason}`),
        ]),
    '',
    ...whole.map((entry) => bad(`Nothing would be done: ${sentenceOf(entry)}.`)),
    `${counted(result.groups, 'group')} would take part, ${result.refused} left alone. Nothing was changed.`,
  ].join('\n');
};

/** `holdfast plan`: what Holdfast would do to the groups of an account now. */
export const planCommand = async (name: string, flags: PlanFlags): Promise<number> => {
  const policy = readPolicy(flags.policy);
  const stage = stageOf(flags);
  // What is wrong with the words is said before anybody is asked.
  toExecutionRequest(name, flags, { policy, reason: 'holdfast plan', dryRun: true, now: '' });
  const account = await openAccount(flags);
  const now = account.clock.now();
  const request = toExecutionRequest(name, flags, { policy, reason: 'holdfast plan', dryRun: true, now });
  const runtime = createPlanningRuntime(account, policy, stage, flags.stage !== undefined);
  const plan = await waiting('Looking at the groups', () => makePlan(account, runtime, request));
  const { result, journal } = plan;
  if (flags.json === true) {
    const { action, reason, groups, refused } = result;
    const { accountId, region } = account;
    printJson({ accountId, region, at: now, request, action, reason, groups, refused, journal });
  } else {
    print(
      `${name}: a plan for account ${account.accountId}, ${account.region}, as of ${spokenTime(now)}${flags.stage === undefined ? `; what a deployed stage holds already is not looked at without --stage ${defaultStage}` : `, stage ${stage}`}.\n`,
    );
    print(tellPlan(plan));
  }
  return result.action === 'REFUSE' ? 1 : 0;
};
