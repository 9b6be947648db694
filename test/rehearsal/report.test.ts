import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { tellUnfound } from '../../rehearsal/report.ts';

describe('tellUnfound', () => {
  it('names the groups that opted in and that no rule finds', () => {
    expect(tellUnfound(packageRepository, loadPolicy())).toEqual([
      'No rule of this policy is about worker-mail, worker-images, worker-reports, worker-search: only a start by hand holds them.',
    ]);
    expect(tellUnfound(packageRepository, { rules: [] })[0]).toContain('is about api-orders, api-catalog');
  });

  it('says nothing where rules find all of them; who did not opt in is not asked about', () => {
    expect(tellUnfound(packetLoss, loadPolicy())).toEqual([]);
  });
});
