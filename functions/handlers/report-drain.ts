import { reportHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createReportDrain } from '../tasks/drain/report-drain.ts';

/** Task ReportDrain of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'reportDrain',
  input: reportHoldState,
  wire: ({ store, clock }) => createReportDrain({ store, clock }),
});

export const handler = createHandler(definition);
