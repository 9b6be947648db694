const { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const refusal = require('./refusal.cjs');

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of somebody else: it runs all the same.
    return error.code === 'EPERM';
  }
};

/**
 * Takes the folders that osls packages in, until this process ends: two that package at once in one clone would mix
 * their functions and their policies.
 *
 * @param file where the process that has them writes its number
 * @throws a refusal that names the process that has them
 */
const takeFolders = (file) => {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const holder = Number(readFileSync(file, 'utf8'));
    if (isRunning(holder)) {
      throw refusal(
        `another command packages in this clone (process ${holder}, as ${file} says). Wait until it is done, or use a second clone; if there is no such command, delete that file`,
      );
    }
    rmSync(file);
    takeFolders(file);
    return;
  }
  process.on('exit', () => rmSync(file, { force: true }));
};

/**
 * Refuses to package a stage other than prod that one word alone would make live, and one whose policy is not there.
 *
 * @param checked what `check-parameters.cjs` returned
 */
const checkPackaging = ({ stage, mode, liveStage, policy }) => {
  if (mode === 'live' && stage !== 'prod' && liveStage !== stage) {
    throw refusal(
      `parameter mode of stage ${stage}: found "live"; allowed: dry-run, or live together with liveStage=${stage}, so that no single word makes it live`,
    );
  }
  if (policy === undefined || statSync(policy, { throwIfNoEntry: false })?.isFile() !== true) {
    throw refusal(
      `parameter policy of stage ${stage}: found ${policy === undefined ? 'nothing' : `"${policy}", which is no file seen from ${process.cwd()}`}; allowed: the path of a policy, such as infra/policy.yml`,
    );
  }
};

/** A plugin for osls: what has to be right before a stage is packaged. Commands that package nothing do not need it. */
class Packaging {
  constructor(serverless) {
    const begin = () => {
      checkPackaging(serverless.service.custom.checked);
      takeFolders(join(serverless.serviceDir, '.packaged', 'in-use'));
    };
    this.hooks = { 'before:package:cleanup': begin, 'before:deploy:function:initialize': begin };
  }
}

module.exports = Packaging;
module.exports.checkPackaging = checkPackaging;
module.exports.takeFolders = takeFolders;
