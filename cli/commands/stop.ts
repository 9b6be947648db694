import { executionNameOf, remediationOf } from '../../functions/domain/execution-arn.ts';
import type { Incident } from '../../functions/domain/incident.ts';
import { remediations } from '../../functions/domain/remediations.ts';
import { firstOf } from '../../functions/domain/times.ts';
import type { Store } from '../../functions/state/store.ts';
import { AccessError } from '../access-error.ts';
import { explainError } from '../explain-error.ts';
import { type AccountFlags, openAccount } from '../laptop/account.ts';
import { ofStage, stageOf } from '../laptop/deployed-stage.ts';
import { type Executions, openExecutions } from '../laptop/executions.ts';
import { openStore } from '../laptop/read-status.ts';
import { mayGoOn } from '../terminal/ask.ts';
import { print, printJson } from '../terminal/print.ts';

/** What the command line says of a stop. */
export interface StopFlags extends AccountFlags {
  yes?: boolean;
  stage?: string;
  json?: boolean;
}

/** An execution that is to be stopped, and its groups as far as it has any. */
interface ToStop {
  executionArn: string;
  groups: string[];
  /** What gives it back already, where something does: to stop that would keep the groups longer. */
  givenBackBy?: string;
}

const groupsOf = async (store: Store, incidents: Incident[]): Promise<ToStop[]> => {
  const all: ToStop[] = [];
  for (const { incidentId, tendedBy, status } of incidents) {
    const groups = await store.readIncidentGroups(incidentId);
    const givenBackBy = tendedBy ?? (status === 'RELEASING' ? incidentId : undefined);
    all.push({ executionArn: incidentId, groups, ...(givenBackBy === undefined ? {} : { givenBackBy }) });
  }
  return all;
};

/** The executions that a word means: those that hold a group of this name, or the one of this name. */
const findToStop = async (store: Store, executions: Executions, what: string): Promise<ToStop[]> => {
  const open = await groupsOf(store, await store.listOpenIncidents());
  const ofGroup = open.filter(({ groups }) => groups.includes(what));
  if (ofGroup.length > 0) return ofGroup;
  const ofName = open.filter(({ executionArn }) =>
    [executionArn, executionNameOf(executionArn)].includes(what),
  );
  if (ofName.length > 0) return ofName;
  const { executionArn } = await executions.find(what);
  return [{ executionArn, groups: [] }];
};

const tellToStop = ({ executionArn, groups }: ToStop): string => {
  const remediation = remediationOf(executionArn);
  return `${executionNameOf(executionArn)} (${remediation ?? 'unknown'})${groups.length === 0 ? '' : `, which holds ${firstOf(groups, 5)}`}. ${remediation === undefined ? '' : remediations[remediation].words.undo}`;
};

/** `holdfast stop`: stops an execution, or those that hold a group; the sweep then gives everything back. */
export const stopCommand = async (what: string, flags: StopFlags): Promise<number> => {
  const stage = stageOf(flags);
  const account = await openAccount(flags);
  const executions = openExecutions(account, stage);
  const found = await ofStage(stage, account, () => findToStop(openStore(account, stage), executions, what));
  const running: ToStop[] = [];
  const going = found.filter(({ givenBackBy }) => givenBackBy !== undefined);
  if (flags.json !== true) {
    for (const { executionArn, givenBackBy = '' } of going) {
      print(
        `${executionNameOf(executionArn)} is being given back already, by ${executionNameOf(givenBackBy)}.`,
      );
    }
  }
  for (const each of found.filter(({ givenBackBy }) => givenBackBy === undefined)) {
    if ((await executions.describe(each.executionArn))?.status === 'RUNNING') running.push(each);
  }
  const others = {
    givenBackAlready: going.map(({ executionArn }) => executionArn),
    ended: found
      .filter((each) => ![...going, ...running].includes(each))
      .map(({ executionArn }) => executionArn),
  };
  if (running.length === 0) {
    const names = found.map(({ executionArn }) => executionNameOf(executionArn)).join(', ');
    if (flags.json === true) printJson({ stopped: [], ...others });
    else if (going.length < found.length)
      print(
        `Nothing to stop: ${names} ${found.length === 1 ? 'has' : 'have'} ended. What is left the sweep gives back.`,
      );
    return 0;
  }
  if (flags.json !== true) for (const each of running) print(`Will stop ${tellToStop(each)}`);
  const isAgreed = await mayGoOn(
    `Stop ${running.length === 1 ? 'it' : 'them'} in stage ${stage}, account ${account.accountId}, ${account.region}?`,
    flags.yes === true,
  );
  if (!isAgreed) {
    process.stderr.write('Nothing was stopped.\n');
    return 1;
  }
  const stopped: string[] = [];
  for (const { executionArn } of running) {
    try {
      await executions.stop(executionArn, `holdfast stop by ${account.caller}`);
    } catch (error) {
      const names = stopped.map(executionNameOf).join(', ');
      throw new AccessError(
        `${executionNameOf(executionArn)} could not be stopped${names === '' ? '' : `; ${names} was stopped`}: ${explainError(error)}`,
        { cause: error },
      );
    }
    stopped.push(executionArn);
  }
  if (flags.json === true) printJson({ stopped, ...others });
  else
    print('Stopped. The sweep gives everything back; holdfast status tells when nothing is held any more.');
  return 0;
};
