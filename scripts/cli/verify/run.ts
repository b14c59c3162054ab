/** `verify`: opens what there is, verifies it one of three ways, and says what was not looked at. */
import { resolve } from "node:path";
import { engines } from "../../../impls/engines/index.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { filesWithoutCheck } from "../../../suites/verify/evidence.js";
import { openTargets } from "../../../suites/verify/open.js";
import { mustKnow } from "../engine-names.js";
import { EXIT, usageError, warn } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import { tellRefused } from "../refused.js";
import { campaign } from "./campaign.js";
import { exportProblems, judgeOutputs } from "./exchange.js";
import { verifyByProblems, verifyByReplay, verifyByVectors } from "./modes.js";
import { chosenMutants, enginesOf, verifyByMutants } from "./mutants.js";
import { parseVerifyOptions, type VerifyOptions } from "./options.js";
import { shareCount, verifyInShares } from "./shares.js";
import { beat } from "./workers.js";

/** @returns the exit code. @throws Stop */
export async function verify(argv: readonly string[]): Promise<number> {
  const options = parseVerifyOptions(argv);
  if (!options) return EXIT.good;
  if (options.resume !== undefined) return campaign(options.resume, options);
  if (options.export !== undefined) return exportProblems(options.export, options);
  if (options.outputs !== undefined) return judgeOutputs(options.outputs);
  const shares = byProblems(options) ? shareCount(options) : 1;
  if (shares > 1) {
    mustKnow(engines, options.engine, options.device);
    return verifyInShares(options, shares);
  }
  const end = options.watched ? beat() : () => {};
  const interrupt = new Interrupt();
  const host = nodeHost();
  // from here on, whatever is going on: nothing that is half done is worth a second
  interrupt.stop = () => host.close().finally(() => process.exit(interrupt.code));
  try {
    return await verifyOn(host, options);
  } catch (error) {
    if (interrupt.code !== undefined) return interrupt.code;
    throw error;
  } finally {
    await host.close();
    interrupt.close();
    end();
  }
}

async function verifyOn(host: ReturnType<typeof nodeHost>, options: VerifyOptions): Promise<number> {
  const named = options.impl.map((file) => resolve(file));
  const { device: devices, watched } = options;
  const mutants = options.mutants === undefined ? undefined : chosenMutants(options.mutants, options.engine);
  const engines = mutants ? enginesOf(mutants) : options.engine;
  const deadlineMs = options.deadline && options.deadline * 1000;
  const opened = await openTargets({ engines, devices, files: named, host, deadlineMs, watched }).catch(
    (error: Error) => {
      throw usageError(error.message);
    },
  );
  try {
    const { absent, remarks, present, targets, refused, files } = opened;
    const unusable = tellRefused(refused, files.length > 0);
    for (const { engine, reason } of absent) console.error(`${engine} is absent: ${reason}`);
    for (const sentence of remarks) console.error(sentence);
    if (engines.length + devices.length > 0 && present.length === 0) return unusable ?? EXIT.nothingToMeasure;
    if (mutants) return await verifyByMutants(mutants, options, opened, host);
    const { code, evidence } = await modeOf(options)(targets);
    const unseen = filesWithoutCheck({ ...opened, engines: options.engine }, evidence);
    for (const sentence of unseen) warn(sentence);
    if (code === EXIT.usage) return code;
    return unusable ?? (unseen.length > 0 ? EXIT.nothingToMeasure : code);
  } finally {
    await opened.close();
  }
}

function byProblems({ vectors, replay, mutants }: VerifyOptions): boolean {
  return vectors === undefined && replay === undefined && mutants === undefined;
}

function modeOf(options: VerifyOptions) {
  const { vectors, replay } = options;
  if (vectors !== undefined) return verifyByVectors.bind(undefined, vectors, options);
  if (replay !== undefined) return verifyByReplay.bind(undefined, replay, options);
  return verifyByProblems.bind(undefined, options);
}
