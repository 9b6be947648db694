/** Where the stage lives, as far as links and commands need it. */
export interface Place {
  stage: string;
  /** Twelve digits. */
  accountId: string;
  /** What people call the account. */
  accountAlias?: string;
  partition: string;
  region: string;
  tableName: string;
  killSwitchParameter: string;
}

const domains: Record<string, string> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

const consoleOf = ({ partition, region }: Place): string =>
  `https://${region}.${domains[partition] ?? domains.aws}`;

/** An execution in the Step Functions console. */
export const executionLink = (place: Place, executionArn: string): string =>
  `${consoleOf(place)}/states/home?region=${place.region}#/v2/executions/details/${executionArn}`;

/** An Auto Scaling group in the EC2 console. */
export const groupLink = (place: Place, autoScalingGroupName: string): string =>
  `${consoleOf(place)}/ec2/home?region=${place.region}#AutoScalingGroupDetails:id=${encodeURIComponent(autoScalingGroupName.toWellFormed())};view=details`;

/** The table's items in the DynamoDB console; a journal is the items under one partition key. */
export const tableLink = (place: Place): string =>
  `${consoleOf(place)}/dynamodbv2/home?region=${place.region}#item-explorer?table=${place.tableName}`;
