import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { noticeRecords, noticeSchema } from '../../functions/events/notice-records.ts';
import { parseSignal } from '../../functions/events/signal.ts';
import type { Resource } from './read-template.ts';
import { readParameters, readTemplate } from './read-template.ts';

type Resources = Record<string, Resource>;
const stages = ['dev', 'staging', 'prod'];

describe('stages', () => {
  it.each(stages)('%s has the same parts as any other, under its own name', (stage) => {
    const kinds = (resources: Resources) =>
      Object.entries(resources)
        .filter(([, { Type }]) => Type !== 'AWS::IAM::Policy' && Type !== 'AWS::Lambda::Version')
        .map(([name, { Type }]) => `${name.replace(/^Holdfast(dev|staging|prod)/, '')} ${Type}`)
        .sort();
    const resources = readTemplate(stage);
    expect(kinds(resources)).toEqual(kinds(readTemplate('prod')));
    expect(resources.Table?.Properties.TableName).toBe(`holdfast-${stage}`);
    for (const other of stages.filter((name) => name !== stage)) {
      expect(JSON.stringify(resources)).not.toContain(`holdfast-${other}`);
    }
  });

  it('are live in prod only, where the table is protected from deletion', () => {
    for (const stage of stages) {
      const resources = readTemplate(stage);
      expect(resources.ApplyHoldLambdaFunction?.Properties.Environment).toMatchObject({
        Variables: { HOLDFAST_STAGE_MODE: stage === 'prod' ? 'live' : 'dry-run' },
      });
      expect(resources.Table?.Properties.DeletionProtectionEnabled).toEqual({
        'Fn::If': ['KeepsTable', true, false],
      });
      expect(readParameters(stage).KeepsTable?.Default).toBe(String(stage === 'prod'));
    }
  });
});

describe('test events for the console', () => {
  const events = parse(
    readFileSync(new URL('../../infra/test-events.yml', import.meta.url), 'utf8'),
  ) as Record<string, string>;
  const examplesOf = (name: string): [string, { summary: string; value: unknown }][] => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are CloudFormation's and osls's own.
    const text = (events[name] ?? '')
      .replaceAll('${AWS::Partition}', 'aws')
      .replaceAll('${AWS::Region}', 'eu-west-1')
      .replaceAll('${AWS::AccountId}', '123456789012')
      .replaceAll('${sls:stage}', 'staging');
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are CloudFormation's and osls's own.
    const schema = JSON.parse(text) as {
      openapi: string;
      components: { examples: Record<string, { summary: string; value: unknown }> };
    };
    expect(schema.openapi).toBe('3.0.0');
    return Object.entries(schema.components.examples);
  };

  it('are understood by routeSignal as what they say they are', () => {
    const kinds = examplesOf('routeSignal').map(([name, { value }]) => {
      try {
        return [name, parseSignal(value).kind];
      } catch (error) {
        return [name, (error as Error).name];
      }
    });
    expect(Object.fromEntries(kinds)).toEqual({
      'an-alarm-went-off-long-ago': 'alarm',
      'an-alarm-that-no-rule-names': 'alarm',
      'a-launch-failed': 'launch-failure',
      'an-instance-waits-in-its-launch-hook': 'launch-wait',
      'an-event-that-cannot-be-read': 'InvalidInputError',
    });
  });

  it('hold for tellPeople a notice that it takes', () => {
    const [[, { value }] = ['', { value: undefined }]] = examplesOf('tellPeople');
    const [record] = noticeRecords.parse(value).Records;
    expect(noticeSchema.parse(JSON.parse(record?.dynamodb.NewImage?.notice?.S ?? '')).incidentId).toBe(
      'arn:aws:states:eu-west-1:123456789012:execution:holdfast-staging-pause-scaling:a-test',
    );
  });

  it('hold an empty event for the sweep', () => {
    expect(examplesOf('sweep').map(([, { value }]) => value)).toEqual([{}]);
  });
});
