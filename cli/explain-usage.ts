import type { Command, CommanderError } from 'commander';
import { didYouMean } from '../functions/events/nearest.ts';

const flagsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short }) => long ?? short ?? []);

const commandsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name());

/** That there is no command of a name. */
export const unknownCommand = (found: string, program: Command): string => {
  const names = commandsOf(program);
  return `command: found "${found}"; allowed: ${names.join(', ')}${didYouMean(found, names)}`;
};

/** What stands in quotes in a message of commander: the word that it is about. */
const quoted = (message: string): string => /'([^']*)'/.exec(message)?.[1] ?? '';

/**
 * Says what is wrong with a command line: what was found, what is allowed, and which known word is nearest.
 *
 * @param command the one that was meant
 */
export const explainUsage = (error: CommanderError, command: Command): string => {
  const found = quoted(error.message);
  const flags = flagsOf(command);
  switch (error.code) {
    case 'commander.unknownOption':
      return `${found}: unknown option; allowed: ${flags.join(', ')}${didYouMean(found, flags)}`;
    case 'commander.unknownCommand':
      return unknownCommand(found, command);
    case 'commander.optionMissingArgument':
      return `${found.split(/[ ,]/)[0]}: found nothing; allowed: a value, as in ${found}`;
    case 'commander.missingArgument':
      return `${found.toUpperCase()}: found nothing; ${command.name()} needs it. See holdfast ${command.name()} --help`;
    case 'commander.excessArguments':
      return `found too many words; allowed: holdfast ${command.name()} ${command.usage()}${['rehearse', 'story'].includes(command.name()) ? '. With npm, options follow --: npm run story -- packet-loss --seed 7' : ''}`;
    case 'commander.missingMandatoryOptionValue':
      return `${/--[\w-]+/.exec(error.message)?.[0]}: found nothing; ${command.name()} needs it. See holdfast ${command.name()} --help`;
    case 'commander.invalidArgument':
      return `${found}: allowed: see holdfast ${command.name()} --help`;
    default:
      return error.message.replace(/^error: /, '');
  }
};
