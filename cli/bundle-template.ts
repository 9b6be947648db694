/** A template, as osls packages it. */
export interface Template {
  Parameters?: Record<string, object>;
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  Outputs?: Record<string, object>;
}

/** The bucket that `osls deploy` makes for itself. A bundle lies in a bucket that is there already. */
const bucketOfOsls = 'ServerlessDeploymentBucket';

/**
 * The template of a bundle: as osls packages it, without the bucket of osls. Its code lies in a bucket for each Region,
 * because Lambda takes code from its own Region only: the parameter `CodeBucketPrefix`, a hyphen, and the Region.
 *
 * @param packaged the template of a stage
 * @param keyOf where the zip of a function lies in the bucket, by the zip's name
 * @throws Error when something still refers to the bucket of osls
 */
export const toBundleTemplate = (packaged: Template, keyOf: (zip: string) => string): Template => {
  const entries = Object.entries(packaged.Resources).filter(([id]) => !id.startsWith(bucketOfOsls));
  const resources = entries.map(([id, resource]) => {
    const code = resource.Properties?.Code as { S3Key?: string } | undefined;
    if (resource.Type !== 'AWS::Lambda::Function' || code?.S3Key === undefined) return [id, resource];
    const zip = code.S3Key.slice(code.S3Key.lastIndexOf('/') + 1);
    const Code = {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
      S3Bucket: { 'Fn::Sub': '${CodeBucketPrefix}-${AWS::Region}' },
      S3Key: keyOf(zip),
    };
    return [id, { ...resource, Properties: { ...resource.Properties, Code } }];
  });
  const outputs = Object.entries(packaged.Outputs ?? {}).filter(([id]) => !id.startsWith(bucketOfOsls));
  const { Outputs: _outputs, ...rest } = packaged;
  const template: Template = {
    ...rest,
    Parameters: {
      ...packaged.Parameters,
      CodeBucketPrefix: {
        Type: 'String',
        AllowedPattern: '[a-z0-9][a-z0-9.-]*[a-z0-9]',
        Description:
          'The code lies in the bucket of this name, a hyphen and the Region: holdfast-code-eu-west-1.',
      },
    },
    Resources: Object.fromEntries(resources),
    ...(outputs.length === 0 ? {} : { Outputs: Object.fromEntries(outputs) }),
  };
  if (JSON.stringify(template).includes(bucketOfOsls)) {
    throw new Error(`something in the template still refers to ${bucketOfOsls}`);
  }
  return template;
};
