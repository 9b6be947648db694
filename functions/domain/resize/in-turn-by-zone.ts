/** Zones take turns, so that a wave never takes all of one. */
export const inTurnByZone = <Item extends { availabilityZone: string; instanceId: string }>(
  items: Item[],
): Item[] => {
  const zones = new Map<string, Item[]>();
  for (const item of [...items].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))) {
    zones.set(item.availabilityZone, [...(zones.get(item.availabilityZone) ?? []), item]);
  }
  const rows = [...zones].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
  const longest = Math.max(0, ...rows.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) =>
    rows.flatMap((members) => members[index] ?? []),
  ).flat();
};
