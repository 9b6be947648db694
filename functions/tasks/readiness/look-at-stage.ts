import type { Subscriptions } from '../../aws/sns.ts';
import type { KillSwitch } from '../../aws/systems-manager.ts';
import { UnknownModeError } from '../../domain/errors.ts';
import type { StageFacts, UnreadableFact } from '../../domain/readiness/readiness-facts.ts';
import { type ExplainError, noteUnreadable } from './note-unreadable.ts';

/** What is looked at. */
export interface StageDependencies {
  killSwitch: KillSwitch;
  topic: Subscriptions;
  explain: ExplainError;
}

/**
 * How a deployed stage is: its kill switch, and who is told. It changes nothing.
 *
 * @param unreadable where what cannot be read is taken down
 */
export const lookAtStage = async (
  { killSwitch, topic, explain }: StageDependencies,
  unreadable: UnreadableFact[],
): Promise<Pick<StageFacts, 'killSwitch' | 'subscriptions'>> => {
  const read = noteUnreadable(unreadable, explain);
  const found = await read('the kill switch', async (): Promise<StageFacts['killSwitch'] & {}> => {
    try {
      return (await killSwitch.read()).mode;
    } catch (error) {
      if (error instanceof UnknownModeError) return { unknownWord: error.word };
      throw error;
    }
  });
  const subscriptions = await read('who is subscribed to the topic', () => topic.countSubscriptions());
  return {
    ...(found === undefined ? {} : { killSwitch: found }),
    ...(subscriptions === undefined ? {} : { subscriptions }),
  };
};
