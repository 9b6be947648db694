import { bounded } from './bounded.ts';

/**
 * Every error a state machine or an operator may meet by name. The name is written out because Step Functions
 * matches `ErrorEquals` against it and a minifier may rename the class.
 */

/** An execution was started with an input that cannot be understood; the message names the field and the remedy. */
export class InvalidInputError extends Error {
  override name = 'InvalidInputError';
}

/** The policy file is not valid; the message names the rule, the field, what was found and what is allowed. */
export class InvalidPolicyError extends Error {
  override name = 'InvalidPolicyError';
}

/** A call that would change something was attempted in a mode that forbids it. */
export class DryRunError extends Error {
  override name = 'DryRunError';
}

/** A fact that a decision needs could not be read, so nothing may be done. */
export class UnreadableFactError extends Error {
  override name = 'UnreadableFactError';
}

/** The kill switch holds a word that is none of the modes. Nothing new begins, as when it cannot be read. */
export class UnknownModeError extends UnreadableFactError {
  readonly parameterName: string;
  readonly word: string;

  constructor(parameterName: string, value: string) {
    const word = bounded(value);
    super(
      `The kill switch ${parameterName} says "${word}", which is none of live, dry-run and off, so nothing is started`,
    );
    this.parameterName = parameterName;
    this.word = word;
  }
}

/** A record was changed by somebody else between reading and writing it; read again and decide again. */
export class StaleRecordError extends Error {
  override name = 'StaleRecordError';
}

/** The incident is closed or was never opened; there is nothing to renew. */
export class IncidentClosedError extends Error {
  override name = 'IncidentClosedError';
}
