import { vi } from 'vitest';
import { runHoldfast } from '../../cli/program.ts';

/** Runs a command in this process, in Region eu-west-1. */
export const holdfast = async (...words: string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const status = await runHoldfast([...words, '--region', 'eu-west-1']);
  vi.restoreAllMocks();
  return { status, out: out.join(''), err: err.join('') };
};

/** What AWS answers to a call without permission. */
export const denied = (action: string): Error =>
  Object.assign(new Error(`User: x is not authorized to perform: ${action} because no policy allows it`), {
    name: 'AccessDeniedException',
    $metadata: { httpStatusCode: 400 },
  });

/** What DynamoDB answers where there is no such table. */
export const notThere = Object.assign(new Error('Requested resource not found'), {
  name: 'ResourceNotFoundException',
  $metadata: { httpStatusCode: 400 },
});
