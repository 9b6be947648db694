import { reportHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createReportDrain } from '../tasks/report-drain.ts';

/** Task ReportDrain of `statemachines/drain-pending-wait.asl.json`. */
export const definition = defineFunction({
  name: 'reportDrain',
  input: reportHoldState,
  wire: ({ store, clock }) => createReportDrain({ store, clock }),
});

export const handler = createHandler(definition);
