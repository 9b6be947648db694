import { reportHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createReportHold } from '../tasks/holds/report-hold.ts';

/** Task ReportHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'reportHold',
  input: reportHoldState,
  wire: ({ store, clock }) => createReportHold({ store, clock }),
});

export const handler = createHandler(definition);
