import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { isOptedIn, optInTag } from '../../functions/domain/auto-scaling-group.ts';
import { executionArnOf } from '../../functions/domain/execution-arn.ts';
import type { JournalEntry } from '../../functions/domain/journal.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { sentenceOf } from '../../functions/domain/telling/sentence-of.ts';
import { counted, spokenDuration, spokenTime } from '../../functions/domain/times.ts';
import type { Policy } from '../../functions/events/policy.ts';
import type { Runtime } from '../../functions/lambda/runtime.ts';
import type { PlanHoldResult } from '../../functions/tasks/holds/plan-hold.ts';
import type { PlanResizeResult } from '../../functions/tasks/resize/plan-resize.ts';
import { tellCalls } from '../../rehearsal/timeline.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { defaultStage, ofStage, stageOf, stateMachineArn } from '../laptop/deployed-stage.ts';
import { createPlanningRuntime } from '../laptop/planning-runtime.ts';
import { type ExecutionRequest, type RequestFlags, toExecutionRequest } from '../laptop/request.ts';
import { readSwitchWord, tellSwitchWord } from '../laptop/switch-word.ts';
import { bad, dim, good, warned } from '../terminal/colour.ts';
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
  const executionArn = executionArnOf(machine, name);
  const plan = (await (planners[remediation] ?? planHold)())(runtime);
  const result = await plan({ executionArn, remediation, input } as never);
  return { result, journal: await runtime.store.readJournal(executionArn) };
};

type GroupEntry = JournalEntry & { autoScalingGroupName: string };

const isOfGroup = (entry: JournalEntry): entry is GroupEntry => entry.autoScalingGroupName !== undefined;

/** What a line of a plan means for its group. */
const whatOf = ({ event, because, instanceId }: JournalEntry): string => {
  if (event === 'refused') return 'left alone';
  if (event === 'warned') return 'look out';
  if (event === 'checked') return because === 'FIT' ? 'fits' : 'does not fit';
  // Of a stuck launch the plan says which is drained first.
  return because === 'NOTHING' || (instanceId !== undefined && because !== 'DRAIN')
    ? 'nothing now'
    : 'would act';
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

/** The tags by which a request names its groups. */
const tagsOf = ({ rules }: Policy, { input }: ExecutionRequest): Record<string, string> | undefined =>
  input.rule === undefined
    ? (input.tags as Record<string, string> | undefined)
    : rules.find(({ name }) => name === input.rule)?.targets.tags;

/** A plan, with the groups that have the tags and did not opt in: who asks wonders about those. */
const withOthers = async (
  account: Account,
  policy: Policy,
  request: ExecutionRequest,
  plan: Plan,
): Promise<Plan> => {
  const tags = tagsOf(policy, request);
  if (tags === undefined) return plan;
  const autoScaling = createAutoScaling(account.connect(AutoScalingClient, 'dry-run'));
  const others = (await autoScaling.describeAutoScalingGroupsByTags(tags)).filter(
    (group) => !isOptedIn(group),
  );
  const at = account.clock.now();
  const entries = others.map(
    ({ autoScalingGroupName, tags: { [optInTag.key]: found } }): JournalEntry => ({
      at,
      event: 'refused',
      because: 'NOT_OPTED_IN',
      autoScalingGroupName,
      text:
        found === undefined
          ? `the group does not carry the tag ${optInTag.key}=${optInTag.value}`
          : `its tag ${optInTag.key} says ${JSON.stringify(found)}; only ${JSON.stringify(optInTag.value)} opts in`,
    }),
  );
  return { ...plan, journal: [...entries, ...plan.journal] };
};

/** A plan as people read it: before a start, or for itself. */
export const tellPlan = ({ result, journal }: Plan, before: 'a start' | 'nothing' = 'nothing'): string => {
  const whole = journal.filter((entry) => entry.event === 'refused' && !isOfGroup(entry));
  // Where all of it is refused, nothing of it would be done to any group.
  const shown = shownOf(journal).filter(({ event }) => whole.length === 0 || event !== 'planned');
  const rows = shown.map((entry) => [
    entry.autoScalingGroupName,
    whatOf(entry),
    sentenceOf({ ...entry, autoScalingGroupName: undefined } as never).replace(/^left alone: /, ''),
  ]);
  const withCalls = shown.filter(({ calls = [] }) => calls.length > 0);
  const reasons = [
    ...new Set(withCalls.flatMap(({ calls = [] }) => calls.flatMap(({ reason }) => [reason].flat()))),
  ];
  const refused = new Set(
    shown.flatMap(({ event, autoScalingGroupName }) => (event === 'refused' ? [autoScalingGroupName] : [])),
  );
  return [
    ...whole.map((entry) => `${bad(`Nothing would be done: ${sentenceOf(entry).replace(/\.$/, '')}.`)}\n`),
    ...(rows.length === 0 && whole.length > 0
      ? []
      : rows.length === 0
        ? [result.groups === 0 ? 'No group was found.' : `Nothing to do now: ${result.reason}.`]
        : [
            tellTable(['GROUP', 'WHAT', 'WHY'], rows, (text, _row, column) =>
              column === 1 ? (colourOf[text] ?? dim)(text) : text,
            ),
          ]),
    ...(withCalls.length === 0
      ? []
      : [
          '',
          tellTable(
            ['CALLS that a live run would begin with'],
            withCalls.flatMap(({ calls = [] }) => tellCalls(calls).map((line) => [line])),
          ),
          '',
          tellTable(
            ['BECAUSE'],
            reasons.map((reason) => [reason]),
          ),
        ]),
    '',
    `${counted(whole.length > 0 ? 0 : result.groups, 'group')} would take part, ${refused.size} left alone.${before === 'a start' ? '' : ` Nothing was changed.${withCalls.length === 0 ? '' : ' Every call in full: --json.'}`}`,
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
  const plan = await waiting('Looking at the groups', () =>
    ofStage(stage, account, async () =>
      withOthers(account, policy, request, await makePlan(account, runtime, request)),
    ),
  );
  const { result, journal } = plan;
  if (flags.json === true) {
    const { action, reason, groups, refused } = result;
    const { accountId, region } = account;
    printJson({ accountId, region, at: now, request, action, reason, groups, refused, journal });
  } else {
    print(
      `${name}: a plan for account ${account.accountId}, ${account.region}, as of ${spokenTime(now)}${flags.stage === undefined ? `; what a deployed stage holds already is not looked at without --stage ${defaultStage}` : `, stage ${stage}`}.\n`,
    );
    if (flags.stage !== undefined) {
      const switched = tellSwitchWord(await readSwitchWord(account, stage), stage);
      if (switched !== undefined) print(`${switched}\n`);
    }
    print(tellPlan(plan));
    const rule = policy.rules.find((each) => each.name === name);
    if (rule?.when.alarm !== undefined && result.action !== 'REFUSE') {
      const { expiresAfterSeconds, holdAtMostSeconds } = rule.settings;
      print(
        `Started by hand, as planned here, it holds for ${spokenDuration(expiresAfterSeconds)}. Started by its alarm it holds while that lasts, ${spokenDuration(holdAtMostSeconds)} at most.`,
      );
    }
  }
  return result.action === 'REFUSE' ? 1 : 0;
};
