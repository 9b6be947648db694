/** Ends an exhaustive `switch`: a case nobody wrote is a bug, found by the compiler first and at run time second. */
export const assertNever = (value: never): never => {
  throw new Error(`Unexpected value ${JSON.stringify(value)}: a case is missing`);
};
