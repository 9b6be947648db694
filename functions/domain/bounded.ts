/** Characters of a text from outside that are shown: enough to know it again. */
const charactersShown = 100;

/**
 * A text from outside as it may be shown: cut, on one line, and well formed, so that it fits into every message, key
 * and link.
 */
export const bounded = (text: string, charactersMax = charactersShown): string => {
  const line = text
    .slice(0, charactersMax + 1)
    .toWellFormed()
    .replaceAll(/\s+/g, ' ');
  return text.length <= charactersMax ? line : `${line.slice(0, charactersMax)}… (${text.length} characters)`;
};
