import { describe, expect, it } from 'vitest';
import { type Conditional, resolveConditions } from '../../cli/resolve-conditions.ts';

const template: Conditional = {
  Conditions: { HasKey: {} },
  Resources: {
    Key: { Type: 'Key', Condition: 'HasKey' },
    Role: {
      Type: 'Role',
      Properties: {
        Policies: { 'Fn::If': ['HasKey', ['logs', 'key'], ['logs']] },
        Boundary: { 'Fn::If': ['HasKey', 'b', { Ref: 'AWS::NoValue' }] },
        List: ['a', { Ref: 'AWS::NoValue' }],
      },
    },
  },
};

describe('resolveConditions', () => {
  it('takes one side of each choice, and only the resources that there are', () => {
    expect(resolveConditions(template, () => true)).toEqual({
      Resources: {
        Key: { Type: 'Key' },
        Role: { Type: 'Role', Properties: { Policies: ['logs', 'key'], Boundary: 'b', List: ['a'] } },
      },
    });
    expect(resolveConditions(template, () => false)).toEqual({
      Resources: { Role: { Type: 'Role', Properties: { Policies: ['logs'], List: ['a'] } } },
    });
  });
});
