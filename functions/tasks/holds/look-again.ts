import { isInstanceNotInService } from '../../aws/aws-error.ts';
import type { GroupDependencies } from './change-group.ts';
import { lookAtGroup, type SeenGroup } from './look-at-groups.ts';

/** Looks at one group within one round, when instances leave it while their protection is changed. */
const looksMax = 3;

/**
 * The group seen anew, when an instance left it while the protection of its fifty was changed and AWS refused the
 * call: the others need not wait for the next round.
 *
 * @param looks how often the group was looked at in this round
 * @returns `undefined` when the error is another, or was met too often, or the group cannot be read
 */
export const lookAgain = async (
  dependencies: GroupDependencies,
  name: string,
  error: unknown,
  looks: number,
): Promise<SeenGroup | undefined> =>
  isInstanceNotInService(error) && looks < looksMax ? lookAtGroup(dependencies, name) : undefined;
