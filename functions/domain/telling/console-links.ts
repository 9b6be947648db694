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
  /** Where the docs of this repository can be read, without a slash at the end. */
  docsUrl?: string;
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

/** An alarm in the CloudWatch console. */
export const alarmLink = (place: Place, alarmName: string): string =>
  `${consoleOf(place)}/cloudwatch/home?region=${place.region}#alarmsV2:alarm/${encodeURIComponent(alarmName.toWellFormed())}`;

/** A heading of a page of the docs. */
const docsLink = ({ docsUrl }: Place, page: string, heading: string): string =>
  docsUrl === undefined
    ? `docs/${page}#${heading}, in the repository of Holdfast`
    : `${docsUrl}/${page}#${heading}`;

/** What to do about a message of a kind. */
export const runbookLink = (place: Place, kind: string): string => docsLink(place, 'messages.md', kind);

/** How to read what was kept of instances before they were terminated. */
export const evidenceLink = (place: Place): string =>
  docsLink(place, 'drain-pending-wait.md', 'stop-it-undo-it');
