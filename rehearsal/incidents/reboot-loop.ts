import { loadStory } from '../story-file.ts';

/** A student club, July 2021: what boots reboots, and has the only copy of its data. */
export const rebootLoop = loadStory(new URL('../stories/reboot-loop.yml', import.meta.url));
