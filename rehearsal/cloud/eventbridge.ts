/** An event pattern: for each field the values that match, or a pattern of its fields. */
export interface EventPattern {
  [field: string]: string[] | EventPattern;
}

/**
 * Whether an event matches a pattern of exact values, the only kind this project's rules use. Any other operator is
 * refused rather than guessed.
 * Source: Amazon EventBridge User Guide, eb-event-patterns.
 */
export const matchesEventPattern = (pattern: EventPattern, event: unknown): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    const found: unknown =
      typeof event === 'object' && event !== null ? Reflect.get(event, field) : undefined;
    if (!Array.isArray(wanted)) return matchesEventPattern(wanted, found);
    if (wanted.some((value) => typeof value === 'object')) {
      throw new Error(`The simulated EventBridge knows exact values only, found ${JSON.stringify(wanted)}`);
    }
    return Array.isArray(found)
      ? found.some((value) => wanted.includes(value as string))
      : wanted.includes(found as string);
  });

/** A rule with its target. */
export interface EventRule {
  pattern: EventPattern;
  invoke: (event: object) => void;
}

/** How deliveries may go, where the facts leave it open. */
export interface DeliveryQuirks {
  /** At least once: how often an event comes twice, from 0 to 1 (eb-service-event). */
  duplicateRate: number;
  /** How often an event is lost. Alarm events are durable, so this is 0 but where a test says otherwise. */
  lossRate: number;
  /** How often an event comes up to ten minutes late, and so out of order. */
  lateRate: number;
  /** How often an event of Auto Scaling is lost: they are best effort (ec2-auto-scaling-event-reference). */
  bestEffortLossRate: number;
}

/** Creates the default bus. Each delivery takes half a second to two; the order is not promised. */
export const createEventBus = (random: () => number, rules: EventRule[], quirks: DeliveryQuirks) => {
  let count = 0;
  return {
    emit: (event: object): void => {
      count += 1;
      const envelope = { id: `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`, ...event };
      const isBestEffort = 'source' in event && event.source === 'aws.autoscaling';
      if (random() < (isBestEffort ? quirks.bestEffortLossRate : quirks.lossRate)) return;
      const deliveries = random() < quirks.duplicateRate ? 2 : 1;
      for (const rule of rules) {
        if (!matchesEventPattern(rule.pattern, envelope)) continue;
        for (let n = 0; n < deliveries; n += 1) {
          const late = quirks.lateRate > 0 && random() < quirks.lateRate ? 600_000 * random() : 0;
          setTimeout(() => rule.invoke(structuredClone(envelope)), 500 + 1500 * random() + late);
        }
      }
    },
  };
};
