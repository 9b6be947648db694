import { Metrics as EmbeddedMetrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Measure } from '../domain/telling/metrics.ts';

/**
 * Writes metrics as lines of the log that CloudWatch reads (embedded metric format).
 *
 * @param stage names the one dimension, `service`, as `holdfast-<stage>`
 */
export const createMeasure = (stage: string): Measure => {
  const embedded = new EmbeddedMetrics({ namespace: 'Holdfast', serviceName: `holdfast-${stage}` });
  return (metrics) => {
    for (const [name, value] of Object.entries(metrics)) {
      const unit = name.startsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count;
      embedded.addMetric(name, unit, value);
    }
    embedded.publishStoredMetrics();
  };
};
