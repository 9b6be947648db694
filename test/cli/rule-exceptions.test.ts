import { describe, expect, it } from 'vitest';
import { compareWithExceptions } from '../../cli/rule-exceptions.ts';

const finding = (rule: string, resource: string) => ({ rule, resource, description: 'so it is' });

describe('compareWithExceptions', () => {
  it('is content where each finding has a reason, and each exception a finding', () => {
    const exceptions = [
      { rules: ['A-1'], resources: ['*Role'], reason: 'meant' },
      { rules: ['A-2'], resources: ['Table'], reason: 'meant' },
    ];
    const findings = [finding('A-1', 'SweepRole'), finding('A-1', 'PlanRole'), finding('A-2', 'Table')];
    expect(compareWithExceptions(findings, exceptions)).toEqual([]);
  });

  it('names a finding that nobody gave a reason for', () => {
    const exceptions = [{ rules: ['A-1'], resources: ['*Role'], reason: 'meant' }];
    const findings = [finding('A-1', 'SweepRole'), finding('A-1', 'Table'), finding('A-10', 'SweepRole')];
    expect(compareWithExceptions(findings, exceptions)).toEqual([
      'Table: A-1: so it is',
      'SweepRole: A-10: so it is',
    ]);
  });

  it('takes FUNCTION for the name of any function, and for nothing longer', () => {
    const exceptions = [{ rules: ['A[logs-FUNCTION:*]'], resources: ['*Role'], reason: 'meant' }];
    const findings = [finding('A[logs-sweep:*]', 'SweepRole'), finding('A[logs-*:*]', 'SweepRole')];
    expect(compareWithExceptions(findings, exceptions)).toEqual(['SweepRole: A[logs-*:*]: so it is']);
  });

  it('names an exception that nothing needs any more, and one without a reason', () => {
    const exceptions = [{ rules: ['A-1', 'A-2'], resources: ['Table', 'Topic'], reason: ' ' }];
    expect(compareWithExceptions([finding('A-1', 'Table')], exceptions)).toEqual([
      'The exception of A-1, A-2 has no reason',
      'No finding needs the exception of A-1 in Topic',
      'No finding needs the exception of A-2 in Table',
      'No finding needs the exception of A-2 in Topic',
    ]);
  });
});
