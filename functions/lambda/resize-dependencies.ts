import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createEc2Resize } from '../aws/ec2-resize.ts';
import { createElasticLoadBalancing } from '../aws/elastic-load-balancing.ts';
import type { ResizeDependencies } from '../tasks/resize/look-at-resizes.ts';
import type { Runtime } from './runtime.ts';
import { taskDependencies } from './task-dependencies.ts';

/** What every function of a resize is wired with that changes instances. */
export const resizeDependencies = (runtime: Runtime): ResizeDependencies => ({
  ...taskDependencies(runtime),
  ec2: (mode) => createEc2Resize(runtime.connect(EC2Client, mode)),
  elasticLoadBalancing: (mode) =>
    createElasticLoadBalancing(runtime.connect(ElasticLoadBalancingV2Client, mode)),
});
