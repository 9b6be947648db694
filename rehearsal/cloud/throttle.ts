import type { VirtualTime } from '../virtual-time.ts';
import { CloudError } from './cloud-error.ts';

/**
 * A token bucket. Auto Scaling has one for all its operations of an account and Region, of unpublished size; above
 * it answers `Throttling`, "Rate exceeded".
 * Source: AWS knowledge centre, "autoscaling-api-calls-throttled".
 */
export const createThrottle = (
  time: VirtualTime,
  callsPerSecond: number,
  burst: number,
  error: readonly [code: string, message: string, status?: number] = ['Throttling', 'Rate exceeded'],
): (() => void) => {
  let tokens = burst;
  let filledAt = time.now();
  return () => {
    tokens = Math.min(burst, tokens + ((time.now() - filledAt) / 1000) * callsPerSecond);
    filledAt = time.now();
    if (tokens < 1) throw new CloudError(...error);
    tokens -= 1;
  };
};
