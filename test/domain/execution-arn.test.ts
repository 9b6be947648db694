import { describe, expect, it } from 'vitest';
import {
  executionArnOf,
  executionNameOf,
  remediationOf,
  stageOfExecution,
  stateMachineArnOf,
} from '../../functions/domain/execution-arn.ts';

describe('remediationOf', () => {
  it('is the end of the name of the state machine', () => {
    const arn = (machine: string) => `arn:aws:states:eu-west-1:1:execution:${machine}:name`;
    expect(remediationOf(arn('holdfast-my-stage-resize-in-place'))).toBe('resize-in-place');
    expect(remediationOf(arn('somebody-elses'))).toBeUndefined();
  });
});

describe('executionNameOf', () => {
  it('is what the ARN ends with, and what is no ARN itself', () => {
    expect(executionNameOf('arn:aws:states:eu-west-1:1:execution:holdfast-prod-pause-scaling:a-b')).toBe(
      'a-b',
    );
    expect(executionNameOf('a-b')).toBe('a-b');
  });
});

describe('stageOfExecution', () => {
  it('is the middle of the name of the state machine, hyphens included', () => {
    expect(stageOfExecution('arn:aws:states:eu-west-1:1:execution:holdfast-my-stage-resize-in-place:x')).toBe(
      'my-stage',
    );
  });
});

describe('stateMachineArnOf', () => {
  it('is the execution without its name', () => {
    expect(stateMachineArnOf('arn:aws:states:eu-west-1:1:execution:holdfast-prod-pause-scaling:x-1')).toBe(
      'arn:aws:states:eu-west-1:1:stateMachine:holdfast-prod-pause-scaling',
    );
  });
});

describe('executionArnOf', () => {
  it('is the state machine of its kind with the name behind it', () => {
    expect(executionArnOf('arn:aws:states:eu-west-1:1:stateMachine:holdfast-prod-pause-scaling', 'x')).toBe(
      'arn:aws:states:eu-west-1:1:execution:holdfast-prod-pause-scaling:x',
    );
  });
});
