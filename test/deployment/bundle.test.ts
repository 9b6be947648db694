import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Template, toBundleTemplate } from '../../cli/bundle-template.ts';

const packaged = JSON.parse(
  readFileSync(
    new URL('../../.packaged/prod/cloudformation-template-update-stack.json', import.meta.url),
    'utf8',
  ),
) as Template;
const bundled = toBundleTemplate(packaged, (zip) => `holdfast/of-${zip}`);
const functionsOf = ({ Resources }: Template) =>
  Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');

describe('the template of a bundle', () => {
  it('has what osls deploys, without the bucket of osls', () => {
    const own = Object.keys(packaged.Resources).filter((id) => !id.startsWith('ServerlessDeploymentBucket'));
    expect(Object.keys(bundled.Resources)).toEqual(own);
    expect(own).toHaveLength(Object.keys(packaged.Resources).length - 2);
    expect(JSON.stringify(bundled)).not.toContain('ServerlessDeploymentBucket');
  });

  it('takes the code of every function from the bucket of its Region', () => {
    expect(functionsOf(bundled)).toHaveLength(functionsOf(packaged).length);
    for (const { Properties } of functionsOf(bundled)) {
      expect(Properties?.Code).toEqual({
        // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
        S3Bucket: { 'Fn::Sub': '${CodeBucketPrefix}-${AWS::Region}' },
        S3Key: `holdfast/of-${String(Properties?.FunctionName).replace('holdfast-prod-', '')}.zip`,
      });
    }
  });

  it('names no Region and no account, and fits where CloudFormation reads it from', () => {
    const text = JSON.stringify(bundled);
    expect(
      JSON.stringify(bundled.Resources).match(/\b[a-z]{2}-[a-z]+-\d\b|arn:[^:]*:[^:]*:[^:]*:\d{12}\b/g),
    ).toBeNull();
    // Above this a template cannot be read, from a bucket either.
    expect(text.length).toBeLessThan(1_000_000);
    // What a StackSet over an organisation may not have.
    const types = Object.values(bundled.Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::CloudFormation::Stack');
    expect(bundled).not.toHaveProperty('Transform');
  });

  it('refuses to leave a reference to the bucket of osls behind', () => {
    const Topic = { Type: 'AWS::SNS::Topic', Properties: { Name: { Ref: 'ServerlessDeploymentBucket' } } };
    expect(() => toBundleTemplate({ ...packaged, Resources: { Topic } }, (zip) => zip)).toThrow(
      'still refers to ServerlessDeploymentBucket',
    );
  });
});
