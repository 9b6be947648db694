import { closestMatch } from 'leven';

/**
 * Of words that are allowed the one that was most likely meant; `undefined` where none is near: at most two letters off,
 * or a third of the word where it is long.
 */
export const nearestOf = (found: string, allowed: readonly string[]): string | undefined => {
  const maxDistance = Math.max(2, Math.floor(found.length / 3));
  const lower = new Map(allowed.map((word) => [word.toLowerCase(), word]));
  const match = closestMatch(found.toLowerCase().slice(0, 100), [...lower.keys()], { maxDistance });
  return match === undefined || match.length <= maxDistance ? undefined : lower.get(match);
};

/**
 * The name that a pattern, in which `*` stands for anything, most likely meant: compared as far as its letters go, wherever
 * in the name.
 */
export const nearestToPattern = (pattern: string, names: string[]): string | undefined => {
  const letters = pattern.replaceAll('*', '');
  const parts = (name: string): string[] =>
    Array.from({ length: Math.max(1, name.length - letters.length + 1) }, (_, start) =>
      name.slice(start, start + letters.length),
    );
  const starts = new Map(names.flatMap((name) => parts(name).map((part) => [part, name] as const)));
  const nearest = nearestOf(letters, [...starts.keys()]);
  return nearest === undefined ? undefined : starts.get(nearest);
};

/** The question behind an error, where a word that is allowed is near. */
export const didYouMean = (found: string, allowed: readonly string[]): string => {
  const nearest = nearestOf(found, allowed);
  return nearest === undefined || nearest === found ? '' : `. Did you mean "${nearest}"?`;
};
