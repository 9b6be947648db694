import { randomBytes } from 'node:crypto';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { AccessError } from '../access-error.ts';
import { explainError } from '../explain-error.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { ofStage, stageOf } from '../laptop/deployed-stage.ts';
import { openExecutions } from '../laptop/executions.ts';
import { follow, onInterrupt, tellEntry, tellLeft } from '../laptop/follow.ts';
import { createPlanningRuntime } from '../laptop/planning-runtime.ts';
import { openStore } from '../laptop/read-status.ts';
import { type ExecutionRequest, type RequestFlags, toExecutionRequest } from '../laptop/request.ts';
import { readSwitchWord, tellSwitchWord } from '../laptop/switch-word.ts';
import { mayGoOn } from '../terminal/ask.ts';
import { bold } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { makePlan, tellPlan } from './plan.ts';
import { readPolicy } from './read-policy.ts';

/** What the command line says of a start by hand. */
export interface StartFlags extends AccountFlags, RequestFlags {
  reason: string;
  dryRun?: boolean;
  yes?: boolean;
  policy?: string;
  stage?: string;
  json?: boolean;
}

/** Follows an execution and tells its end; gives the exit code. */
const followToEnd = async (
  account: Account,
  stage: string,
  executionArn: string,
  json: boolean,
): Promise<number> => {
  const store = openStore(account, stage);
  const interrupt = onInterrupt();
  const followed = await follow(
    { store, executions: openExecutions(account, stage) },
    executionArn,
    (entry) => {
      if (!json) print(tellEntry(entry));
    },
    interrupt.signal,
  );
  interrupt.done();
  if (followed === 'LEFT') {
    if (json) printJson({ executionArn, left: true });
    else print(tellLeft(executionArn, stage));
    return 0;
  }
  const { execution, entries } = followed;
  if (json) printJson({ ...execution, journal: entries });
  else {
    print(
      `The execution ${executionNameOf(executionArn)} has ended: ${execution.status}${execution.error === undefined ? '' : ` (${execution.error})`}.`,
    );
  }
  return execution.status === 'SUCCEEDED' ? 0 : 1;
};

/** What is started: a rule by its name, with its remediation. */
const tellRequest = ({ remediation, input }: ExecutionRequest): string =>
  typeof input.rule === 'string' ? `rule ${input.rule} (${remediation})` : remediation;

/** Shows what would be done, and asks; a dry run changes nothing and needs no answer. */
const isAgreed = async (
  account: Account,
  stage: string,
  request: ExecutionRequest,
  policy: Policy,
  { dryRun, yes, json }: StartFlags,
): Promise<boolean> => {
  if (dryRun === true) return true;
  const runtime = createPlanningRuntime(account, policy, stage, true);
  const plan = await ofStage(stage, account, () =>
    makePlan(account, runtime, { ...request, input: { ...request.input, dryRun: true } }),
  );
  if (json !== true) print(`${tellPlan(plan, 'a start')}\n`);
  else if (plan.result.action === 'REFUSE') printJson({ started: false, ...plan });
  if (plan.result.action === 'REFUSE') return false;
  const mode = (await runtime.store.readStageMode())?.mode;
  const means = {
    live: 'It is live: this changes your groups.',
    'dry-run': 'It is a dry run: this only plans.',
    off: 'It is off: nothing begins.',
  };
  return mayGoOn(
    `Start ${tellRequest(request)} in stage ${stage}, account ${account.accountId}, ${account.region}? ${mode === undefined ? 'This stage has not said yet whether it is live or a dry run.' : means[mode]}`,
    yes === true,
  );
};

/** `holdfast start`: starts a remediation, or a rule, by hand, and follows it to its end. */
export const startCommand = async (name: string, flags: StartFlags): Promise<number> => {
  const stage = stageOf(flags);
  const { reason, dryRun = false, json = false } = flags;
  const policy = readPolicy(flags.policy);
  // What is wrong with the words is said before anybody is asked.
  toExecutionRequest(name, flags, { policy, reason, dryRun, now: '' });
  const account = await openAccount(flags);
  const now = account.clock.now();
  const request = toExecutionRequest(name, flags, { policy, reason, dryRun, now });
  const executions = openExecutions(account, stage);
  await executions.mustBeDeployed(request.remediation);
  const word = await readSwitchWord(account, stage);
  const switched = tellSwitchWord(word, stage);
  if (switched !== undefined && !dryRun) {
    // What only plans may still be wanted.
    if (word !== 'dry-run') throw new AccessError(`${switched}\nNothing was started.`);
    if (!json) print(`${switched}\n`);
  }
  if (!(await isAgreed(account, stage, request, policy, flags))) {
    process.stderr.write('Nothing was started.\n');
    return 1;
  }
  const executionName = `by-hand-${now.slice(0, 19).replaceAll(/\D/g, '')}-${randomBytes(4).toString('hex')}`;
  const executionArn = await executions.start(request.remediation, executionName, request.input);
  // A program that reads JSON from standard output learns the name at once all the same.
  const started = `Started ${executionName} (${tellRequest(request)}, stage ${stage}).`;
  if (json) process.stderr.write(`${started}\n`);
  else print(bold(started));
  try {
    return await followToEnd(account, stage, executionArn, json);
  } catch (error) {
    throw new AccessError(
      `Started ${executionArn}, which goes on; it could not be followed: ${explainError(error)} To read on: holdfast journal ${executionName} --stage ${stage}`,
      { cause: error },
    );
  }
};
