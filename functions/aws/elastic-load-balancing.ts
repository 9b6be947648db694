import {
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';

/** Elastic Load Balancing, as far as Holdfast uses it. */
export interface ElasticLoadBalancing {
  /** Ids of the targets that a target group finds healthy. One call; AWS does not page it. */
  describeHealthyTargets(targetGroupArn: string): Promise<Set<string>>;
  /** Ids of the targets that a target group finds unhealthy. One call; AWS does not page it. */
  describeUnhealthyTargets(targetGroupArn: string): Promise<Set<string>>;
}

/** Wraps a client in the one operation Holdfast makes. */
export const createElasticLoadBalancing = (client: ElasticLoadBalancingV2Client): ElasticLoadBalancing => {
  const describeTargets = async (TargetGroupArn: string, state: 'healthy' | 'unhealthy') => {
    const { TargetHealthDescriptions } = await client.send(
      new DescribeTargetHealthCommand({ TargetGroupArn }),
    );
    return new Set(
      (TargetHealthDescriptions ?? [])
        .filter(({ TargetHealth }) => TargetHealth?.State === state)
        .map(({ Target }) => Target?.Id ?? ''),
    );
  };
  return {
    describeHealthyTargets: (targetGroupArn) => describeTargets(targetGroupArn, 'healthy'),
    describeUnhealthyTargets: (targetGroupArn) => describeTargets(targetGroupArn, 'unhealthy'),
  };
};
