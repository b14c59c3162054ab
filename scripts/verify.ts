/** `npm run verify`: all forms against the float64 reference, by random problems and laws or by golden vectors. */

import { openTargets } from "../suites/verify/open.js";
import { EXIT, exitCodeOf, usageError } from "./cli/exit.js";
import { Interrupt } from "./cli/interrupt.js";
import { verifyByProblems, verifyByReplay, verifyByVectors } from "./cli/verify/modes.js";
import { parseVerifyOptions } from "./cli/verify/options.js";

const interrupt = new Interrupt();

process.exitCode = await exitCodeOf(async () => {
  const options = parseVerifyOptions(process.argv.slice(2));
  if (!options) return EXIT.good;
  const opened = await openTargets({ engines: options.engine, files: options.impl }).catch((error: Error) => {
    throw usageError(error.message);
  });
  interrupt.stop = () => opened.close().finally(() => process.exit(interrupt.code));
  try {
    for (const { engine, reason } of opened.absent) console.error(`${engine} is absent: ${reason}`);
    for (const sentence of opened.leftOut) console.error(sentence);
    if (options.engine.length > 0 && opened.present.length === 0) return EXIT.nothingToMeasure;
    if (options.vectors !== undefined) return await verifyByVectors(options.vectors, options, opened.targets);
    if (options.replay !== undefined) return await verifyByReplay(options.replay, opened.targets);
    return await verifyByProblems(options, opened.targets);
  } finally {
    await opened.close();
    interrupt.close();
  }
});
