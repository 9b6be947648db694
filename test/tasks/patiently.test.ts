import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patiently } from '../../functions/tasks/incidents/patiently.ts';

const throttled = Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });

describe('patiently', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Runs work that fails so often, and says when each try began, in seconds. */
  const run = async (failures: number, secondsMax: number, error: Error = throttled) => {
    const startedAt = Date.now();
    const seconds = () => (Date.now() - startedAt) / 1000;
    const tries: number[] = [];
    const work = async () => {
      tries.push(seconds());
      if (tries.length <= failures) throw error;
      return 'done';
    };
    const result = patiently(work, (inSeconds) => seconds() + inSeconds < secondsMax).catch(
      ({ message }) => message,
    );
    await vi.runAllTimersAsync();
    return { result: await result, tries };
  };

  it('tries again what AWS throttles, after 15, 30 and 60 seconds', async () => {
    expect(await run(3, 1000)).toEqual({ result: 'done', tries: [0, 15, 45, 105] });
    expect(await run(9, 1000)).toEqual({ result: 'Rate exceeded', tries: [0, 15, 45, 105] });
  });

  it('begins nothing that would be too late after its pause', async () => {
    expect(await run(9, 100)).toEqual({ result: 'Rate exceeded', tries: [0, 15, 45] });
    expect(await run(9, 10)).toEqual({ result: 'Rate exceeded', tries: [0] });
  });

  it('throws anything else at once', async () => {
    expect(await run(9, 1000, new Error('no'))).toEqual({ result: 'no', tries: [0] });
  });
});
