import { afterEach, describe, expect, it } from 'vitest';
import { startThread, type Thread } from '../../cli/start-thread.ts';

/** A thread whose module is this text, which does this with each message. */
const threadThat = (does: string): Thread<string, string> => {
  const text = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (asked) => { ${does} });`;
  return startThread(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
};

describe('a thread', () => {
  let thread: Thread<string, string>;
  afterEach(() => thread.stop());

  it('answers one question after the other, however long it may take', async () => {
    thread = threadThat("parentPort.postMessage(asked + ' is heard')");
    expect(await thread.ask('one')).toBe('one is heard');
    expect(await thread.ask('two', 3_600_000)).toBe('two is heard');
  });

  it('that fails says why', async () => {
    thread = threadThat("throw new Error(asked + ' is too much')");
    await expect(thread.ask('one', 3_600_000)).rejects.toThrow('one is too much');
  });

  it('that is busy for ever is given up, and can be ended', async () => {
    thread = threadThat('for (;;);');
    await expect(thread.ask('one', 20)).rejects.toThrow('no answer within 0.02 s');
    // Resolves with the exit code of a thread that has ended.
    expect(await thread.stop()).toBeTypeOf('number');
  });
});
