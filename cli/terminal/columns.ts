/** As wide as the terminal, from 80 to 160; as a log is where there is none. */
export const columnsOfTerminal = (): number => Math.min(160, Math.max(80, process.stdout.columns ?? 100));
