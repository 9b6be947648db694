import { executionNameOf, remediationOf, stageOfExecution } from '../../functions/domain/execution-arn.ts';
import { spokenTime } from '../../functions/domain/times.ts';
import type { Store } from '../../functions/state/store.ts';
import { AccessError } from '../access-error.ts';
import { type AccountFlags, openAccount, openAccountOf } from '../laptop/account.ts';
import { ofStage, stageOf } from '../laptop/deployed-stage.ts';
import { type Execution, type Executions, openExecutions } from '../laptop/executions.ts';
import { tellEntry } from '../laptop/follow.ts';
import { openStore } from '../laptop/read-status.ts';
import { bold } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { UsageError } from '../usage-error.ts';
import { parseReportFolder } from './rehearsal-options.ts';

/** What the command line says of a journal. */
export interface JournalFlags extends AccountFlags {
  last?: boolean;
  group?: string;
  report?: string;
  stage?: string;
  json?: boolean;
}

/** Of each remediation so many executions are looked at for the last one that held a group. */
const executionsLookedAt = 25;

/** The last execution whose journal tells of a group. */
const lastOfGroup = async (store: Store, executions: Executions, group: string): Promise<Execution> => {
  for (const execution of await executions.listLatest(executionsLookedAt)) {
    const entries = await store.readJournal(execution.executionArn);
    if (entries.some(({ autoScalingGroupName }) => autoScalingGroupName === group)) return execution;
  }
  throw new AccessError(
    `None of the last ${executionsLookedAt} executions of each remediation was about the group ${group}; look at the name, or name the execution.`,
  );
};

const findExecution = async (
  store: Store,
  executions: Executions,
  name: string | undefined,
  { last, group }: JournalFlags,
): Promise<Execution> => {
  if (name !== undefined) return executions.find(name);
  if (group !== undefined) return lastOfGroup(store, executions, group);
  const [latest] = last === true ? await executions.listLatest(1) : [];
  if (latest === undefined) throw new AccessError('This stage has had no execution in the last 90 days.');
  return latest;
};

/** An execution by its ARN; the table has its journal even where Step Functions may not be asked. */
const describeOrUnknown = async (executions: Executions, executionArn: string): Promise<Execution> => {
  const unknown = { executionArn, status: 'its status is not known', startedAt: '' };
  try {
    return (await executions.describe(executionArn)) ?? unknown;
  } catch {
    return unknown;
  }
};

/** `holdfast journal`: the story of one incident, as text, as JSON, or as the page of a report. */
export const journalCommand = async (name: string | undefined, flags: JournalFlags): Promise<number> => {
  const given = [name, flags.group, flags.last === true ? 'last' : undefined].filter(
    (each) => each !== undefined,
  );
  if (given.length !== 1) {
    throw new UsageError(
      `execution: found ${given.length === 0 ? 'nothing' : 'several of them'}; allowed: the name or ARN of an execution, --last, or --group NAME`,
    );
  }
  const folder = flags.report === undefined ? undefined : parseReportFolder(flags.report);
  const isArn = name !== undefined && remediationOf(name) !== undefined;
  const stage = isArn ? stageOfExecution(name) : stageOf(flags);
  const account = isArn ? openAccountOf(name, flags) : await openAccount(flags);
  const store = openStore(account, stage);
  const executions = openExecutions(account, stage);
  const execution = isArn
    ? await describeOrUnknown(executions, name)
    : await findExecution(store, executions, name, flags);
  const { executionArn, status, startedAt } = execution;
  const entries = await ofStage(stage, account, () => store.readJournal(executionArn));
  if (entries.length === 0 && !['RUNNING', 'SUCCEEDED'].includes(status)) {
    throw new AccessError(
      `The table has no journal of ${executionNameOf(executionArn)}: it failed before its plan, the name is wrong, or it is older than the table keeps journals.`,
    );
  }
  if (folder !== undefined) {
    const { reportOfIncident } = await import('../../report/from-incident.ts');
    const { writeReport } = await import('../../report/write-report.ts');
    const report = reportOfIncident(executionArn, entries, await store.readEvidence(executionArn));
    const page = writeReport(report, folder, executionNameOf(executionArn));
    if (flags.json !== true) print(`The report: ${page}`);
  }
  if (flags.json === true) {
    printJson({ ...execution, journal: entries });
    return 0;
  }
  print(
    bold(
      `${executionNameOf(executionArn)}: ${remediationOf(executionArn)}, stage ${stage}, ${startedAt === '' ? '' : `began ${spokenTime(startedAt)}, `}${status}`,
    ),
  );
  for (const entry of entries) print(tellEntry(entry));
  if (entries.length === 0) print('It has written nothing: there was nothing to do, or it has just begun.');
  return 0;
};
