/**
 * A fault to plant in the product: `find` stands once in `file`, and `replace` makes the product wrong in the way that
 * `story` is there to notice.
 */
export interface Fault {
  story: string;
  what: string;
  file: string;
  find: string;
  replace: string;
}

/** One fault at least for each story: a story that passes with its fault checks nothing. */
export const faults: Fault[] = [
  {
    story: 'two-stages',
    what: 'a stage acts, whatever its mode',
    file: 'serverless.yml',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is osls's own.
    find: 'HOLDFAST_STAGE_MODE: ${param:mode}',
    replace: 'HOLDFAST_STAGE_MODE: live',
  },
  {
    story: 'command',
    what: 'what people suspended is said to be of Holdfast',
    file: 'cli/laptop/group-status.ts',
    find: "if (imposed.has(setting)) return 'Holdfast';",
    replace: "if (!imposed.has(setting)) return 'Holdfast';",
  },
  {
    story: 'check',
    what: 'an alarm without data counts as ready',
    file: 'functions/domain/readiness/decide-readiness.ts',
    find: "value === 'INSUFFICIENT_DATA'",
    replace: "value === 'NEVER'",
  },
  {
    story: 'removal',
    what: 'the table goes with the stack',
    file: 'infra/table.yml',
    find: 'DeletionPolicy: RetainExceptOnCreate',
    replace: 'DeletionPolicy: Delete',
  },
  {
    story: 'packet-loss',
    what: 'listing what is open asks for an empty sort-key prefix, which DynamoDB refuses',
    file: 'functions/state/create-store.ts',
    find: 'await table.query(openIncidents))',
    replace: "await table.query(openIncidents, ''))",
  },
  {
    story: 'launches',
    what: 'protections are not removed when launches succeed again',
    file: 'functions/domain/holds/hold-calls.ts',
    find: '...protectionCalls(autoScalingGroupName, settings.filter(isInstance), false, reason),',
    replace: '',
  },
  {
    story: 'many-groups',
    what: 'it is not written down which groups share an execution, so that it takes none',
    file: 'functions/tasks/signals/route-signal.ts',
    find: 'const started = await countOff({ executionName, beginAt });',
    replace: 'await countOff(); const started = { executionName, beginAt };',
  },
  {
    story: 'resize',
    what: 'desired capacity is kept when an instance enters Standby, so that another is launched in its place',
    file: 'functions/aws/auto-scaling.ts',
    find: 'ShouldDecrementDesiredCapacity: true,',
    replace: 'ShouldDecrementDesiredCapacity: false,',
  },
  {
    story: 'real-fleets',
    what: 'what else manages a group is not asked',
    file: 'functions/domain/group-traits.ts',
    find: '.filter((trait) => isSeenIn[trait](group))',
    replace: '.filter((trait) => isSeenIn[trait] === undefined)',
  },
  {
    story: 'newcomers',
    what: 'good instances are not protected while broken ones are replaced',
    file: 'functions/domain/holds/decide-release.ts',
    find: '...keepGoodCalls(autoScalingGroupName, keeping.settings),',
    replace: '',
  },
  {
    story: 'dry-run',
    what: 'the kill switch and the input cannot lower what may happen',
    file: 'functions/domain/mode.ts',
    find: 'rank[mode] < rank[lowest] ? mode : lowest',
    replace: 'rank[mode] > rank[lowest] ? mode : lowest',
  },
  {
    story: 'stopped',
    what: 'the sweep does not look after incidents whose execution is gone',
    file: 'functions/domain/signals/abandoned-because.ts',
    find: "if (!isRunning) return 'its execution no longer runs';",
    replace: '',
  },
  {
    story: 'told',
    what: 'the first message forgets the groups that were left alone',
    file: 'functions/tasks/holds/apply-hold.ts',
    find: '          ...leftAlone,\n',
    replace: '',
  },
  {
    story: 'kill-switch',
    what: 'the word in the switch has to be in lower case',
    file: 'functions/domain/mode.ts',
    find: '.toLowerCase();',
    replace: ';',
  },
  {
    story: 'overlapping',
    what: 'giving back does not look whether another hold still wants it',
    file: 'functions/domain/holds/wanted-state.ts',
    find: '...record.holds.flatMap(claimedProcesses),',
    replace: '...record.holds.slice(0, 1).flatMap(claimedProcesses),',
  },
  {
    story: 'desired-capacity',
    what: 'desired capacity is raised where nothing but a person can have lowered it',
    file: 'functions/domain/holds/plan-raise.ts',
    find: 'if (!policies.some(({ canLower }) => canLower)) return',
    replace: 'if (policies.length < 0) return',
  },
  {
    story: 'copied',
    what: 'a tag that is left over is removed without a word',
    file: 'functions/tasks/signals/tidy-hold-tags.ts',
    find: 'if (!(await isLeftOver(store, group, stage, stateMachineArns))) await tellCopied(dependencies, group);',
    replace: '',
  },
  {
    story: 'duplicates',
    what: 'events of another account are taken for our own',
    file: 'functions/events/signal.ts',
    find: 'home === undefined || (account === home.accountId && region === home.region)',
    replace: "home !== undefined || account === ''",
  },
  {
    story: 'bad-input',
    what: 'an unknown field in an input by hand is passed over',
    file: 'functions/events/hold-input.ts',
    find: 'z.strictObject({ ...targetFields,',
    replace: 'z.object({ ...targetFields,',
  },
  {
    story: 'silent-table',
    what: 'an execution that failed before it began uses its signal up',
    file: 'functions/tasks/incidents/start-executions.ts',
    find: "if ((status !== 'FAILED' && status !== 'TIMED_OUT') || error === 'InvalidInputError') return 'USED_UP';",
    replace: "if (status !== error) return 'USED_UP';",
  },
];
