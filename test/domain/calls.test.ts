import { describe, expect, it } from 'vitest';
import type { PlannedCall } from '../../functions/domain/calls.ts';

describe('a planned call', () => {
  it('has the input of its operation, in the SDK’s own words', () => {
    const call: PlannedCall = {
      service: 'AutoScaling',
      operation: 'SetDesiredCapacity',
      input: {
        AutoScalingGroupName: 'web',
        DesiredCapacity: 3,
        // @ts-expect-error: a misspelt field, or one of another operation, does not compile.
        HonourCooldown: false,
      },
      reason: 'a test',
    };
    expect(call.operation).toBe('SetDesiredCapacity');
  });
});
