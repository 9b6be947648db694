/** Runs a task and says what came of it: for functions whose result no state machine keeps. */
export const logged =
  <Input, Output>(
    log: { info(message: string, details: Record<string, unknown>): void },
    message: string,
    task: (input: Input) => Promise<Output>,
  ) =>
  async (input: Input): Promise<Output> => {
    const result = await task(input);
    log.info(message, { result });
    return result;
  };
