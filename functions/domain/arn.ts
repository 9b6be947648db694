/** What an ARN says: where a thing is, and which. */
export interface ArnParts {
  partition: string;
  region: string;
  accountId: string;
  /** What follows the account, part by part: `execution`, the state machine, the name. None for what is no ARN. */
  resource: string[];
}

/** What an ARN says. Parts that it lacks are empty. The one function that takes ARNs apart. */
export const parseArn = (arn: string): ArnParts => {
  const [, partition = '', , region = '', accountId = '', ...resource] = arn.split(':');
  return { partition, region, accountId, resource };
};

/** The account and the Region in which Holdfast looks after groups: its own. */
export type Home = Pick<ArnParts, 'accountId' | 'region'>;
