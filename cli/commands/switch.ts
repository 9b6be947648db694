import {
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  paginateGetParameterHistory,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import { type Mode, parseMode } from '../../functions/domain/mode.ts';
import { firstOf, spokenTime } from '../../functions/domain/times.ts';
import { didYouMean } from '../../functions/events/nearest.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { ofStage, stageOf } from '../laptop/deployed-stage.ts';
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

/** The word of the switch, and who set it, where that may be read. */
const readSwitch = async (account: Account, parameterName: string): Promise<SwitchNow> => {
  const client = account.connect(SSMClient, 'live');
  let now: SwitchNow;
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: parameterName }));
    const { Value, LastModifiedDate } = Parameter ?? {};
    now = {
      ...(Value === undefined ? {} : { word: Value }),
      ...(LastModifiedDate === undefined ? {} : { setAt: LastModifiedDate.toISOString() }),
    };
  } catch (error) {
    if (error instanceof ParameterNotFound) return {};
    throw error;
  }
  try {
    let last: string | undefined;
    const pages = paginateGetParameterHistory({ client, pageSize: 50 }, { Name: parameterName });
    for await (const { Parameters = [] } of pages) last = Parameters.at(-1)?.LastModifiedUser ?? last;
    return last === undefined ? now : { ...now, setBy: last };
  } catch {
    // Who it was is nice to know, and takes a permission of its own.
    return now;
  }
};

/** What can be read before the switch is set; in need it is set although nothing can be read. */
const orNothing = async <Value>(read: () => Promise<Value>): Promise<Value | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return undefined;
  }
};

const tellSwitch = ({ word, setBy, setAt }: SwitchNow): string => {
  if (word === undefined) return 'was never thrown, which means live';
  const known =
    parseMode(word) === undefined
      ? '. Holdfast does not know this word, so nothing new begins; set live, dry-run or off'
      : '';
  return `says ${word}${setAt === undefined ? '' : `, since ${spokenTime(setAt)}`}${setBy === undefined ? '' : `, by ${setBy}`}${known}`;
};

const released =
  'every hold of this stage is released within minutes, so that Auto Scaling may terminate instances again';

const meaning: Record<Mode, string> = {
  live: 'rules and starts by hand act, as far as the stage may. An alarm that is in ALARM already starts nothing: start its rule with holdfast start',
  'dry-run': `${released}, and what begins from now on only plans`,
  off: `${released}, and nothing begins`,
};

/** `holdfast switch`: says how the kill switch of a stage is, or sets it. */
export const switchCommand = async (word: string | undefined, flags: SwitchFlags): Promise<number> => {
  const stage = stageOf(flags);
  const mode = word === undefined ? undefined : parseWord(word);
  const account = await openAccount(flags);
  const parameterName = `/holdfast/${stage}/mode`;
  // A switch that was never thrown means live only where there is something to throw it for.
  const listOpen = () => ofStage(stage, account, () => openStore(account, stage).listOpenIncidents());
  if (mode === undefined) {
    await listOpen();
    const now = await readSwitch(account, parameterName);
    if (flags.json === true) printJson({ parameterName, ...now });
    else print(`The kill switch ${parameterName} ${tellSwitch(now)}.`);
    return 0;
  }
  const open = await orNothing(listOpen);
  const before = await orNothing(() => readSwitch(account, parameterName));
  if (flags.json !== true) {
    print(
      `The kill switch ${parameterName} ${before === undefined ? 'cannot be read with these credentials' : tellSwitch(before)}.`,
    );
    print(`${mode} means: ${meaning[mode]}.`);
    if (mode !== 'live' && open === undefined)
      print('What is held now cannot be read with these credentials.');
    if (mode !== 'live' && open !== undefined && open.length > 0) {
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
  const after = await orNothing(() => createKillSwitch(client, parameterName).read());
  if (flags.json === true)
    printJson({ parameterName, before, mode: after?.mode ?? mode, isVerified: after !== undefined });
  else if (after === undefined)
    print(`The kill switch was set to ${mode}; it could not be read back with these credentials.`);
  else print(`The kill switch says ${after.mode} now.`);
  return after === undefined || after.mode === mode ? 0 : 1;
};
