import { loadStory } from '../story-file.ts';

/** Eight hours without launches in a Region whose table is silent too: see `rehearsal/stories/us-east-1.yml`. */
export const usEast1 = loadStory(new URL('../stories/us-east-1.yml', import.meta.url));
