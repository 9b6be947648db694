import colours from 'picocolors';

/*
 * Colour by role. Whether there is any is picocolors' decision: on a terminal, unless NO_COLOR says otherwise, or where
 * FORCE_COLOR asks for it.
 */

/** A heading. */
export const bold = colours.bold;
/** What is as it should be. */
export const good = colours.green;
/** What to look at. */
export const warned = colours.yellow;
/** What is wrong. */
export const bad = colours.red;
/** What one may skip. */
export const dim = colours.dim;
