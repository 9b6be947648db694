/**
 * Numbers that more than one part relies on. A test holds them against `serverless.yml` and the state machines.
 */

/** The longest a function that changes groups may run. Its Lambda timeout is this. */
export const changeFunctionTimeoutSeconds = 300;

/** A change to a group is begun only this early in such a function, so that it also ends inside it. */
export const changeBudgetSeconds = 240;

/**
 * How long the lease on one group lasts. Longer than the function's timeout, so that a stalled holder is dead
 * before its lease is.
 */
export const leaseSeconds = changeFunctionTimeoutSeconds + 60;

/** Names per `DescribeAutoScalingGroups` call when `MaxRecords` is 100 (aws-sdk autoscaling API reference). */
export const groupsPerDescribe = 100;

/** Instances per `SetInstanceProtection` call (Amazon EC2 Auto Scaling API reference: at most 50). */
export const instancesPerProtectionCall = 50;

/**
 * Instances of one group that may be protected. Each takes some 120 bytes of the group's record, and DynamoDB ends an
 * item at 400 KB.
 */
export const protectedInstancesMax = 2000;

/**
 * Incidents that may hold one group at one time. Each takes about a kilobyte of the group's record; more would be a rule
 * that nobody meant.
 */
export const holdsPerGroupMax = 40;

/** Groups one incident may hold where a policy says so: they are held a page at a time, over several rounds. */
export const groupsMax = 5000;

/** Groups one incident may hold where a policy says nothing: a rule that matches more deserves a person. */
export const groupsByDefault = 1000;

/**
 * Groups of one rule that get an execution of their own when their launches fail in the same minute. Further ones share
 * one: an execution each would share the calls that an account allows, and most would be throttled (`npm run load`).
 */
export const groupsFailingAloneMax = 10;

/** Groups that fail within so many seconds share one execution, where they do not get one each. */
export const failingTogetherSeconds = 20;

/**
 * How long launches have succeeded again in most groups that share an execution before it ends: those in which they do
 * not get one each then, and hold up the others no longer.
 */
export const mostSucceedSeconds = 900;

/** How long after that it begins: what is written down of its groups may be late, and clocks differ. */
export const failingTogetherMarginSeconds = 10;

/** Groups worked on at once: enough that the pace of calls is the limit, also while some wait to be tried again. */
export const groupsAtOnce = 20;

/** The shortest pause between two rounds of a hold. */
export const checkEverySecondsMin = 30;

/** The longest: a round, its function's timeout included, must be well within the shortest expiry of ten minutes. */
export const checkEverySecondsMax = 300;

/**
 * Rounds one execution may make. A round writes 14 history events (two tasks of 5, a wait and a choice of 2), 18 with
 * a retry in each, and Step Functions ends an execution at 25,000.
 */
export const roundsMax = 1200;

/**
 * Rounds one execution of `drain-pending-wait.asl.yml` may make. A round writes at most 27 history events (four tasks
 * of 5, two choices and two waits of 2, less one wait), 30 with retries.
 */
export const drainRoundsMax = 800;

/** How long an instance may stay in `Pending:Wait` after its launch was abandoned before it is terminated instead. */
export const abandonedWithinSeconds = 120;

/** How long it may stay after its termination was accepted before a person is told. */
export const terminatedWithinSeconds = 600;

/** Times that a refused step of a drain is tried again, a round apart, before a person is told. */
export const drainAttemptsMax = 3;

/** The longest a launch hook can wait, heartbeats included: 48 hours (API reference, PutLifecycleHook). */
export const hookSecondsMax = 172_800;

/** Looks one execution may take at giving groups back before it leaves the rest to the sweep. */
export const releaseRoundsMax = 100;

/** How soon a round is repeated when something was left undone or could not be verified yet. */
export const soonSeconds = 15;

/**
 * How long a change may take to show in a description before its absence means that somebody undid it.
 * Suspensions have been seen to lag behind their call (cloud-custodian issue 8660).
 */
export const inForceWithinSeconds = 120;

/**
 * How old a look at a group may be when something is decided by it. Pages of a hundred are described at once and worked
 * through for minutes when AWS throttles; an older look is taken again.
 */
export const lookFreshSeconds = 10;

/** How long after its expiry the sweep leaves an incident to its own execution before giving it back itself. */
export const sweepGraceSeconds = 300;

/** Names that one signal may use up: each is an execution that failed before it opened its incident. */
export const startTriesMax = 500;

/** How long an execution that failed is left alone before its signal is tried again. */
export const startAgainAfterSeconds = 60;

/**
 * How long an execution that gives back for another is given before the sweep gives back by itself, a stage at a time.
 */
export const giveBackAgainSeconds = 900;

/**
 * How long an instance may take to be drained from its load balancers: the longest deregistration delay is an hour
 * (Application Load Balancers guide, "Deregistration delay").
 */
export const enteringSecondsMax = 4200;

/** How long a stop may take before it is forced (EC2 User Guide, "Troubleshoot stopping": a few minutes usually). */
export const stopSecondsMax = 600;

/** How long a forced stop may take before a person is told ("wait 10 minutes"). */
export const forcedStopSecondsMax = 900;

/** How long an instance may stay `pending`. */
export const startSecondsMax = 900;

/** How long the start and the status checks of an instance may take; they are through in two to five minutes usually. */
export const bootSecondsMax = 900;

/** How long an instance may take from Standby into service and to be healthy there. */
export const serviceSecondsMax = 900;

/**
 * How long the canary of a resize has to stay healthy in service before another instance is touched: one that restarts again
 * and again passes its checks each time.
 */
export const canaryWatchSeconds = 300;

/** How long AWS may refuse a step of a resize on its way forward before the instance is brought home. */
export const changeRefusedSecondsMax = 120;

/** How long every way home is tried before an instance is left to a person. */
export const homeSecondsMax = 1800;

/** Seconds after which a step of a resize that AWS refuses is tried again: ever more, from the least to the most. */
export const refusedPauseSecondsMin = 20;
export const refusedPauseSecondsMax = 120;

/**
 * How long looks have to agree before what they say ends the resize of an instance, or turns it home: an answer may be
 * from before, also after one that was true. AWS asks to wait up to about five minutes, and publishes no time.
 */
export const doubtSeconds = 60;

/** How long the reason of an earlier stop may still show after a start was accepted. */
export const reasonSettlesSeconds = 60;

/** How long a group may be missing from a description before it is taken to be gone. */
export const missingGroupSecondsMax = 600;

/** How long an instance may be on its way home in all. */
export const homeTotalSecondsMax = 10_800;

/**
 * How long, after a hold, good instances stay protected from scale-in while the group replaces broken newcomers: ten
 * percent of it at a time (EC2 Auto Scaling User Guide, "Health checks").
 */
export const replacingSecondsMax = 1800;

/** How long giving back takes at most: stages, looks, broken newcomers, the time in which an old function may still run. */
export const giveBackSecondsMax = 3600 + replacingSecondsMax;

/** How long a resize waits for what it needs before it begins a further wave, before it ends. */
export const resizeWaitSecondsMax = 1800;

/** Broken newcomers of one group that are remembered: each takes some 130 bytes of the group's record. */
export const brokenNewcomersMax = 300;

/**
 * How long after a CloudFormation update was seen to have ended what is found taken back was the update's doing: a hold is
 * looked at every few minutes, and a resumption may show late.
 */
export const updateSettlesSeconds = 600;

/** Pause between two looks at whether the instances of held groups work, when the last one found every newcomer well. */
export const inspectEverySeconds = 600;

/** The same when it saw one that did not work. */
export const inspectSuspectsEverySeconds = 300;

/** The same when it did not get to every group. */
export const inspectAgainAfterSeconds = 120;

/** The same once a hold is two hours old: the history of an execution has an end. */
export const inspectLaterEverySeconds = 900;
export const inspectLaterAfterSeconds = 7200;

/** A look at the groups of an incident takes no longer than this; the next one goes on where it ended. */
export const inspectBudgetSeconds = 60;

/** Pause between two looks at instances that are being resized. */
export const resizePauseSeconds = 10;

/** Instances of one group that one execution resizes: its record stays far below DynamoDB's 400 KB. */
export const resizesMax = 300;

/** Instances per wave: as many as may be out of service at one time. */
export const waveSizeMax = 20;

/** How long a capacity reservation lives should everybody forget it. */
export const reservationSeconds = 7200;

/**
 * Rounds after which no further instance is begun. A round writes at most 14 history events (two tasks of 5, two choices
 * of 2), each attempt that is tried again 3 more, and Step Functions ends an execution at 25,000. So there is room for
 * some 1,500 attempts that fail.
 */
export const resizeRoundsMax = 1150;

/** Rounds after which the execution ends, and the sweep has what is still in flight brought home by another one. */
export const resizeLookRoundsMax = 1400;

/**
 * For more groups than this the policies and scheduled actions of the whole account are read at once: one call per 100
 * policies, and per 100 actions.
 */
export const groupsReadAlone = 5;
