/** What an ARN says of where a thing is. */
export interface ArnParts {
  partition: string;
  region: string;
  accountId: string;
}

/** Where the thing is that an ARN names. Parts that it lacks are empty. */
export const parseArn = (arn: string): ArnParts => {
  const [, partition = '', , region = '', accountId = ''] = arn.split(':');
  return { partition, region, accountId };
};

/** The account and the Region in which Holdfast looks after groups: its own. */
export type Home = Pick<ArnParts, 'accountId' | 'region'>;
