import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { remediationNames } from '../functions/domain/remediation-names.ts';
import { didYouMean } from '../functions/events/nearest.ts';
import { storyNames } from '../rehearsal/incidents/story-names.ts';
import { explainError } from './explain-error.ts';
import { explainUsage, unknownCommand } from './explain-usage.ts';
import { keptByNpm } from './kept-by-npm.ts';
import { columnsOfTerminal } from './terminal/columns.ts';
import { UsageError } from './usage-error.ts';

/*
 * The words of the command line, and nothing else: what a command does is loaded when it is asked for, so that help and
 * completion come at once.
 */

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** An option that may be given once: of two seeds one would be forgotten. */
const option = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((value: string, previous: unknown) => {
    if (previous !== undefined) throw new UsageError(`${flags.split(/[ ,]/)[0]}: found twice; allowed: once`);
    return value;
  });

/** Gathers the values of an option that is given several times. */
const gather = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** An option that may be given several times, or with several values. */
const list = (flags: string, description: string): Option => new Option(flags, description).argParser(gather);

const json = (): Option => new Option('--json', 'print one JSON value for programs, and nothing else');
const policy = (): Option => option('--policy <file>', 'a policy; without it infra/policy.yml');
const stage = (description: string): Option => option('--stage <name>', description);
const account = (command: Command): Command =>
  command
    .addOption(option('--profile <name>', 'a profile of ~/.aws/config; without it the usual credentials'))
    .addOption(option('--region <region>', 'the AWS Region; without it AWS_REGION, or that of the profile'));

const statusAccount = (command: Command): Command =>
  command
    .addOption(list('--profile <name>', 'a profile of ~/.aws/config; may be given several times'))
    .addOption(option('--region <region>', 'the AWS Region; without it AWS_REGION, or that of the profile'))
    .addOption(new Option('--all-regions', 'every Region that the account has enabled'));

const storyWords = `a shipped story (${storyNames.join(', ')}), or a story file such as my-outage.yml`;

const rehearsalOptions = (command: Command): Command =>
  command
    .addOption(option('--seed <number>', 'decides everything that is left to chance; 1 without it'))
    .addOption(policy())
    .addOption(option('--fleet <file>', 'tell the story of your own groups, from holdfast snapshot'))
    .addOption(
      option('--report <folder>', 'write a page with charts, and Markdown beside it, into this folder'),
    )
    .addOption(new Option('--messages', 'print every message as people would get it'));

/** What carries out a command: it gets the words of the command line, and gives the exit code. */
type Action = (...words: never[]) => Promise<number>;

/** Builds the command line. `finish` is told the exit code of the command that was carried out. */
export const createProgram = (finish: (exitCode: number) => void): Command => {
  const program = new Command('holdfast')
    .description('Keeps the fleet you have alive while the fleet you want cannot be launched.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'say how a command is used')
    .helpCommand('help [command]', 'say how a command is used')
    .showHelpAfterError(false)
    .configureHelp({ helpWidth: columnsOfTerminal() })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 found something wrong, 2 wrong use or no access.\nCompletion: holdfast complete bash|zsh|fish|powershell, as in: source <(holdfast complete zsh)',
    );

  const add = (usage: string, description: string, load: () => Promise<Action>): Command => {
    const command = program.command(usage).description(description).allowExcessArguments(false);
    return command.action(async (...words: unknown[]) => {
      // Node 20 lacks what the rehearsal, and what it rests on, take for granted.
      if (Promise.withResolvers === undefined) await import('core-js/actual/index.js');
      // The last word is the command itself.
      finish(await (await load())(...(words.slice(0, -1) as never[])));
    });
  };

  add(
    'validate [policy]',
    'say whether a policy is right, and where it is not',
    async () => (await import('./commands/validate.ts')).validateCommand,
  ).addOption(json());

  account(
    add(
      'plan <rule-or-remediation>',
      'say what Holdfast would do to your groups now; changes nothing',
      async () => (await import('./commands/plan.ts')).planCommand,
    ),
  )
    .addOption(list('--group <name...>', 'groups by name, for a remediation'))
    .addOption(list('--tags <key=value...>', 'groups that carry all of these tags, for a remediation'))
    .addOption(list('--with <key=value...>', 'fields of the input, such as instanceTypes=[m7i.xlarge]'))
    .addOption(policy())
    .addOption(stage('read what this deployed stage holds already; without it nothing deployed is needed'))
    .addOption(json())
    .addHelpText('after', `\nRemediations: ${remediationNames.join(', ')}. Rules are those of the policy.`);

  account(
    add(
      'check',
      'say what would keep Holdfast from acting: alarms, groups, hooks, the stage',
      async () => (await import('./commands/check.ts')).checkCommand,
    ),
  )
    .addOption(policy())
    .addOption(stage('look at this deployed stage too: kill switch, subscriptions, policy, roles'))
    .addOption(json());

  account(
    add(
      'backtest',
      'say what each rule would have done in the last days, from what AWS remembers',
      async () => (await import('./commands/backtest.ts')).backtestCommand,
    ),
  )
    .addOption(option('--days <number>', 'how far back, 1 to 30; 14 without it'))
    .addOption(policy())
    .addOption(json());

  statusAccount(
    add(
      'status [group...]',
      'say which groups are held, by whom, and until when',
      async () => (await import('./commands/status.ts')).statusCommand,
    ),
  )
    .addOption(stage('the deployed stage; prod without it'))
    .addOption(json());

  account(
    add(
      'start <rule-or-remediation>',
      'start a remediation by hand, and follow it',
      async () => (await import('./commands/start.ts')).startCommand,
    ),
  )
    .requiredOption('--reason <text>', 'why, for everybody who meets the hold')
    .addOption(list('--group <name...>', 'groups by name'))
    .addOption(list('--tags <key=value...>', 'groups that carry all of these tags'))
    .addOption(list('--with <key=value...>', 'fields of the input, such as expiresAfter=2h'))
    .addOption(new Option('--dry-run', 'only plan'))
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(policy())
    .addOption(stage('the deployed stage; prod without it'))
    .addOption(json());

  account(
    add(
      'stop <execution-or-group>',
      'stop an execution, or those that hold a group',
      async () => (await import('./commands/stop.ts')).stopCommand,
    ),
  )
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(stage('the deployed stage; prod without it'))
    .addOption(json());

  account(
    add(
      'switch [mode]',
      'set the kill switch of a stage: live, dry-run or off; without a word say how it is',
      async () => (await import('./commands/switch.ts')).switchCommand,
    ),
  )
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(stage('the deployed stage; prod without it'))
    .addOption(json());

  account(
    add(
      'journal [execution]',
      'tell the story of one incident',
      async () => (await import('./commands/journal.ts')).journalCommand,
    ),
  )
    .addOption(new Option('--last', 'the execution that began last'))
    .addOption(option('--group <name>', 'the execution that held this group last'))
    .addOption(
      option('--report <folder>', 'write a page with charts, and Markdown beside it, into this folder'),
    )
    .addOption(stage('the deployed stage; prod without it'))
    .addOption(json());

  rehearsalOptions(
    add(
      'rehearse <story>',
      'play an outage in the simulated cloud, with Holdfast',
      async () => (await import('./commands/rehearse.ts')).rehearseCommand,
    ),
  )
    .addOption(new Option('--dry-run', 'show what a dry run would plan'))
    .addOption(new Option('--without-holdfast', 'play it as it was in life'))
    .addOption(json())
    .addHelpText('after', `\nStory: ${storyWords}.`);

  rehearsalOptions(
    add(
      'story <story>',
      'play an outage without Holdfast and then with it, and compare',
      async () => (await import('./commands/rehearse.ts')).storyCommand,
    ),
  )
    .addOption(json())
    .addHelpText('after', `\nStory: ${storyWords}.`);

  account(
    add(
      'snapshot',
      'print your Auto Scaling groups as a fleet file, for a rehearsal',
      async () => (await import('./commands/snapshot.ts')).snapshotCommand,
    ),
  )
    .addOption(policy())
    .addOption(new Option('--mask-names', 'call groups and policies by numbers'));

  return program;
};

const completes: Record<string, readonly string[]> = {
  'rule-or-remediation': remediationNames,
  story: storyNames,
  mode: ['live', 'dry-run', 'off'],
};

/** The shells that completion knows. */
const shells = ['bash', 'zsh', 'fish', 'powershell'];

/** Adds the completion of shells, with the words that are known without asking AWS. */
const addCompletion = async (program: Command): Promise<void> => {
  const { default: tab } = await import('@bomb.sh/tab/commander');
  const root = tab(program);
  for (const command of program.commands) {
    for (const argument of command.registeredArguments) {
      const words = completes[argument.name()];
      if (words === undefined) continue;
      root.commands.get(command.name())?.argument(argument.name(), (complete) => {
        for (const word of words) complete(word, '');
      });
    }
  }
};

const catchUsage = (command: Command): void => {
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    throw new UsageError(explainUsage(error, command), { cause: error });
  });
  // What is wrong is said once, by whoever catches it.
  command.configureOutput({ outputError: () => {} });
  command.commands.forEach(catchUsage);
};

/**
 * Carries out a command line.
 *
 * @param argv what follows the program
 * @returns the exit code: 0 done, 1 found something wrong, 2 wrong use or no access
 */
export const runHoldfast = async (argv: string[]): Promise<number> => {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  if (argv[0] === 'complete') await addCompletion(program);
  catchUsage(program);
  if (
    argv[0] === 'help' &&
    argv[1] !== undefined &&
    !program.commands.some((each) => each.name() === argv[1])
  ) {
    process.stderr.write(`${unknownCommand(argv[1], program)}\n`);
    return 2;
  }
  if (argv.length === 0) {
    program.outputHelp();
    return 2;
  }
  try {
    const [first, shell] = argv;
    if (first === 'complete' && ![...shells, '--', '--help', '-h'].includes(shell ?? '')) {
      throw new UsageError(
        `shell: found ${shell === undefined ? 'nothing' : `"${shell}"`}; allowed: ${shells.join(', ')}${didYouMean(shell ?? '', shells)}`,
      );
    }
    const command = program.commands.find((each) => each.name() === argv[0]);
    const names = (command?.options ?? []).map(({ long }) => (long ?? '').replace(/^--/, ''));
    const kept = keptByNpm(names, argv, process.env);
    if (kept !== undefined) throw new UsageError(kept);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${explainError(error)}\n`);
    return 2;
  }
};
