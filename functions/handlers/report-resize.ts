import { reportResizeState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createReportResize } from '../tasks/resize/report-resize.ts';

/** Task ReportResize of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'reportResize',
  input: reportResizeState,
  wire: ({ store, clock }) => createReportResize({ store, clock }),
});

export const handler = createHandler(definition);
