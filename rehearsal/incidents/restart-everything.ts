import { loadStory } from '../story-file.ts';

/** Monzo, October 2017: a restart of everything that is refused, or ends with its canary. */
export const restartEverything = loadStory(new URL('../stories/restart-everything.yml', import.meta.url));
