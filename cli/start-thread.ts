import { Worker } from 'node:worker_threads';

/** A thread that answers one question at a time. */
export interface Thread<Asked, Answer> {
  /**
   * Asks it.
   *
   * @param milliseconds how long it may take; without it as long as it likes
   * @returns a promise, rejected if the thread fails, or has not answered in time: it is of no more use then
   */
  ask: (asked: Asked, milliseconds?: number) => Promise<Answer>;
  /** Ends it, whatever it is doing. */
  stop: () => Promise<unknown>;
}

/**
 * Starts a thread.
 *
 * @param url a module that posts one message for each that it gets
 */
export const startThread = <Asked, Answer>(url: URL): Thread<Asked, Answer> => {
  const worker = new Worker(url);
  return {
    ask: (asked, milliseconds) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        const end = (act: () => void): void => {
          clearTimeout(timer);
          worker.off('error', onError);
          worker.off('message', onMessage);
          act();
        };
        const onError = (error: unknown): void => end(() => reject(error));
        const onMessage = (answer: Answer): void => end(() => resolve(answer));
        worker.once('error', onError);
        worker.once('message', onMessage);
        if (milliseconds !== undefined) {
          const tooLate = new Error(`no answer within ${milliseconds / 1000} s`);
          timer = setTimeout(() => onError(tooLate), milliseconds);
        }
        worker.postMessage(asked);
      }),
    stop: () => worker.terminate(),
  };
};
