/** The five things that `gate` can do. */
import { EXIT } from "../exit.js";
import { gateAgainstPast } from "./baseline.js";
import { bisectGate } from "./bisect.js";
import { parseGateOptions } from "./options.js";
import { gateAgainstBase } from "./run.js";
import { selfTestGate } from "./self-test.js";
import { simulateGate } from "./simulate.js";

/** @returns the exit code. @throws Stop */
export async function gate(argv: readonly string[]): Promise<number> {
  const options = parseGateOptions(argv);
  if (!options) return EXIT.good;
  if (options.simulate) return simulateGate(options);
  if (options.selfTest) return selfTestGate();
  if (options.bisect !== undefined) return bisectGate(options, options.bisect);
  if (options.baseline !== undefined) return gateAgainstPast(options, options.baseline, argv);
  return gateAgainstBase(options, argv);
}
