import type { Promised } from './ledger.ts';
import type { RandomIncident } from './parts.ts';
import { runRandomIncident } from './run-random-incident.ts';

/** Whether an incident still breaks a promise. */
export type StillBreaks = (incident: RandomIncident) => Promise<boolean>;

/** Whether an incident breaks this very promise when it is told. */
export const breaks =
  (promise: Promised): StillBreaks =>
  async (incident) =>
    (await runRandomIncident(incident)).broken.some((each) => each.promise === promise);

/** Leaves out what can be left out: the list without one element, for each of them, from the back. */
const without = async <Value>(
  values: Value[],
  stillBreaks: (some: Value[]) => Promise<boolean>,
): Promise<Value[]> => {
  let left = values;
  // Halves first, then single ones.
  for (let size = Math.ceil(values.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = left.length - size; from > -size; from -= size) {
      const start = Math.max(0, from);
      const fewer = [...left.slice(0, start), ...left.slice(start + size)];
      if (fewer.length < left.length && (await stillBreaks(fewer))) left = fewer;
    }
  }
  return left;
};

/**
 * The shortest incident found that still breaks the promise: parts are left out, then unkindness of AWS, then groups.
 *
 * @returns an incident that breaks it
 */
export const shrink = async (incident: RandomIncident, stillBreaks: StillBreaks): Promise<RandomIncident> => {
  let smallest = incident;
  smallest = {
    ...smallest,
    parts: await without(smallest.parts, (parts) => stillBreaks({ ...smallest, parts })),
  };
  const quirks = await without(Object.entries(smallest.quirks), (entries) =>
    stillBreaks({ ...smallest, quirks: Object.fromEntries(entries) }),
  );
  smallest = { ...smallest, quirks: Object.fromEntries(quirks) };
  return {
    ...smallest,
    groups: await without(smallest.groups, (groups) => stillBreaks({ ...smallest, groups })),
  };
};
