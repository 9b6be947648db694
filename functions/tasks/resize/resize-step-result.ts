/** What one step came to. */
export interface ResizeStepResult {
  taken: number;
  /** Whether something could not be done now: the next look waits first. */
  hasToWait: boolean;
}
