import picocolors from 'picocolors';

/*
 * Colour by role: on a terminal only, unless NO_COLOR says otherwise (no-color.org), or where FORCE_COLOR asks for it. A log
 * of CI is no terminal.
 */
const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
const isForced = FORCE_COLOR !== '' && FORCE_COLOR !== '0';
const colours = picocolors.createColors(NO_COLOR === '' && (isForced || process.stdout.isTTY === true));

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
