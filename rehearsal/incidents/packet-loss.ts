import { loadStory } from '../story-file.ts';

/** Slack, 4 January 2021, retold with a smaller fleet. */
export const packetLoss = loadStory(new URL('../stories/packet-loss.yml', import.meta.url));
