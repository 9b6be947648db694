import { loadStory } from '../story-file.ts';

/** The outage Holdfast was made for: a package repository breaks, and no new instance finishes its bootstrap. */
export const packageRepository = loadStory(new URL('../stories/package-repository.yml', import.meta.url));
