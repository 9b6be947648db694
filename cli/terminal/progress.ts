/** Tells how far something is, from 0 to 1, on a terminal only: in a log it would be noise. */
export const createProgress = (label: string): ((fraction: number) => void) | undefined => {
  if (!process.stderr.isTTY) return undefined;
  let shown = -1;
  return (fraction) => {
    const percent = Math.floor(fraction * 20) * 5;
    if (percent === shown) return;
    shown = percent;
    process.stderr.write(`\r${label} ${'█'.repeat(percent / 5).padEnd(20, '░')} ${percent} %`);
    if (percent >= 95) process.stderr.write('\r\u001b[K');
  };
};
