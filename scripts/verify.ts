/** `npm run verify`: all forms against the float64 reference, by random problems and laws or by golden vectors. */

import { openTargets } from "../suites/verify/open.js";
import { exitCode, usage } from "./cli/exit.js";
import { verifyByProblems, verifyByReplay, verifyByVectors } from "./cli/verify-modes.js";
import { parseVerifyArguments } from "./cli/verify-options.js";

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.once(signal, () => process.exit(code));

process.exitCode = await exitCode(async () => {
  const options = parseVerifyArguments(process.argv);
  const opened = await openTargets({ engines: options.engine, files: options.impl }).catch(usage);
  try {
    for (const { engine, reason } of opened.absent) console.error(`${engine} is absent: ${reason}`);
    if (options.engine.length > 0 && opened.present.length === 0) return 5;
    if (options.vectors !== undefined) return await verifyByVectors(options.vectors, options, opened.targets);
    if (options.replay !== undefined) return await verifyByReplay(options.replay, opened.targets);
    return await verifyByProblems(options, opened.targets);
  } finally {
    await opened.close();
  }
});
