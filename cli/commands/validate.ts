import { counted, spokenDuration } from '../../functions/domain/times.ts';
import type { Rule } from '../../functions/events/policy.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { UsageError } from '../usage-error.ts';
import { nameOfPolicy, readPolicy } from './read-policy.ts';

const startsOf = ({ when: { alarm, launchFailures, stuckInstances } }: Rule): string => {
  if (alarm !== undefined) return `alarm ${alarm.join(' or ')}`;
  return launchFailures === undefined
    ? `${counted(stuckInstances ?? 1, 'stuck launch', 'stuck launches')} of a group`
    : `${counted(launchFailures.count, 'failed launch', 'failed launches')} of a group within ${spokenDuration(launchFailures.withinSeconds)}`;
};

const tagsOf = ({ targets: { tags } }: Rule): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');

/**
 * `holdfast validate`: whether a policy is right, as packaging looks at it. A wrong one is said by line, column and field,
 * and the exit code is 1.
 */
export const validateCommand = async (
  file: string | undefined,
  { json = false }: { json?: boolean },
): Promise<number> => {
  const source = nameOfPolicy(file);
  try {
    const { rules } = readPolicy(file, 'policy');
    if (json) {
      printJson({ policy: source, isValid: true, rules });
      return 0;
    }
    print(
      tellTable(
        ['RULE', 'DOES', 'MODE', 'GROUPS', 'STARTS ON'],
        rules.map((rule) => [
          rule.name,
          rule.do,
          rule.dryRun === true ? 'dry-run' : 'as the stage',
          tagsOf(rule),
          startsOf(rule),
        ]),
      ),
    );
    if (rules.some(({ resize }) => resize?.updateLaunchTemplate === true)) {
      print('\nA rule changes launch templates: package with --param launchTemplates=on.');
    }
    print(`\n${source} is a valid policy with ${counted(rules.length, 'rule')}.`);
    return 0;
  } catch (error) {
    // What is wrong with the file is what was asked; a file that is not there is wrong use.
    if (!(error instanceof UsageError) || error.message.startsWith('policy: ')) throw error;
    if (json) printJson({ policy: source, isValid: false, errors: error.message.split('\n').slice(1) });
    else print(error.message);
    return 1;
  }
};
