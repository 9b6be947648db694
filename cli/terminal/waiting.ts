import spinner from 'yocto-spinner';

/** Shows on a terminal that something is being waited for; in a log it would be noise. */
export const waiting = async <Value>(text: string, work: () => Promise<Value>): Promise<Value> => {
  if (!process.stderr.isTTY) return work();
  const shown = spinner({ text, stream: process.stderr }).start();
  try {
    return await work();
  } finally {
    shown.stop();
  }
};
