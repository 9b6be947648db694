import { loadStory } from '../story-file.ts';

/** GitHub, 22 December 2012: pairs that shoot each other while nothing passes between the racks. */
export const switchUpgrade = loadStory(new URL('../stories/switch-upgrade.yml', import.meta.url));
