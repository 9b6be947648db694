import {
  GetParameterHistoryCommand,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import { type Mode, parseMode } from '../../functions/domain/mode.ts';
import { firstOf, spokenTime } from '../../functions/domain/times.ts';
import { didYouMean } from '../../functions/events/nearest.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { noSuchStage, stageOf } from '../laptop/deployed-stage.ts';
import { openStore } from '../laptop/read-status.ts';
import { mayGoOn } from '../terminal/ask.ts';
import { print, printJson } from '../terminal/print.ts';
import { UsageError } from '../usage-error.ts';

/** What the command line says of the kill switch. */
export interface SwitchFlags extends AccountFlags {
  yes?: boolean;
  stage?: string;
  json?: boolean;
}

const allowed: readonly Mode[] = ['live', 'dry-run', 'off'];

const parseWord = (word: string): Mode => {
  const mode = allowed.find((each) => each === word);
  if (mode === undefined) {
    throw new UsageError(`mode: found "${word}"; allowed: ${allowed.join(', ')}${didYouMean(word, allowed)}`);
  }
  return mode;
};

/** The switch as it is, and who set it, where that may be read. */
interface SwitchNow {
  /** What it says; nothing where it was never thrown. */
  word?: string;
  setBy?: string;
  setAt?: string;
}

const readSwitch = async (account: Account, parameterName: string): Promise<SwitchNow> => {
  try {
    const client = account.connect(SSMClient, 'live');
    const { Parameters = [] } = await client.send(
      new GetParameterHistoryCommand({ Name: parameterName, MaxResults: 50 }),
    );
    const { Value, LastModifiedUser, LastModifiedDate } = Parameters.at(-1) ?? {};
    return {
      ...(Value === undefined ? {} : { word: Value }),
      ...(LastModifiedUser === undefined ? {} : { setBy: LastModifiedUser }),
      ...(LastModifiedDate === undefined ? {} : { setAt: LastModifiedDate.toISOString() }),
    };
  } catch (error) {
    if (error instanceof ParameterNotFound) return {};
    throw error;
  }
};

const tellSwitch = ({ word, setBy, setAt }: SwitchNow): string => {
  if (word === undefined) return 'was never thrown, which means live';
  const known =
    parseMode(word) === undefined ? ', a word that Holdfast does not know: nothing new begins' : '';
  return `says ${word}${known}${setAt === undefined ? '' : `, since ${spokenTime(setAt)}`}${setBy === undefined ? '' : `, by ${setBy}`}`;
};

const meaning: Record<Mode, string> = {
  live: 'rules and starts by hand act, as far as the stage may',
  'dry-run': 'what begins from now on only plans; holds that there are go on to their end',
  off: 'every hold of this stage is released within minutes, so that Auto Scaling may terminate instances again, and nothing begins',
};

/** `holdfast switch`: says how the kill switch of a stage is, or sets it. */
export const switchCommand = async (word: string | undefined, flags: SwitchFlags): Promise<number> => {
  const stage = stageOf(flags);
  const mode = word === undefined ? undefined : parseWord(word);
  const account = await openAccount(flags);
  const parameterName = `/holdfast/${stage}/mode`;
  const before = await readSwitch(account, parameterName);
  if (mode === undefined) {
    if (flags.json === true) printJson({ parameterName, ...before });
    else print(`The kill switch ${parameterName} ${tellSwitch(before)}.`);
    return 0;
  }
  const open = await openStore(account, stage)
    .listOpenIncidents()
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException')
        throw noSuchStage(stage, account, 'table');
      throw error;
    });
  if (flags.json !== true) {
    print(`The kill switch ${parameterName} ${tellSwitch(before)}.`);
    print(`${mode} means: ${meaning[mode]}.`);
    if (mode === 'off' && open.length > 0) {
      print(
        `Open now: ${firstOf(
          open.map(({ incidentId }) => executionNameOf(incidentId)),
          10,
        )}.`,
      );
    }
  }
  const isAgreed = await mayGoOn(
    `Set it to ${mode} in stage ${stage}, account ${account.accountId}, ${account.region}?`,
    flags.yes === true,
  );
  if (!isAgreed) {
    process.stderr.write('The kill switch was not changed.\n');
    return 1;
  }
  const client = account.connect(SSMClient, 'live');
  await client.send(
    new PutParameterCommand({ Name: parameterName, Type: 'String', Value: mode, Overwrite: true }),
  );
  const { mode: after } = await createKillSwitch(client, parameterName).read();
  if (flags.json === true) printJson({ parameterName, before, mode: after });
  else print(`The kill switch says ${after} now.`);
  return after === mode ? 0 : 1;
};
