/** The four things that `gate` can do. */
import { EXIT } from "./exit.js";
import { gateAgainstPast } from "./gate-baseline.js";
import { parseGateOptions } from "./gate-options.js";
import { gateAgainstBase } from "./gate-run.js";
import { selfTestGate } from "./gate-self-test.js";
import { simulateGate } from "./gate-simulate.js";

/** @returns the exit code. @throws Stop */
export async function gate(argv: readonly string[]): Promise<number> {
  const options = parseGateOptions(argv);
  if (!options) return EXIT.good;
  if (options.simulate) return simulateGate(options);
  if (options.selfTest) return selfTestGate();
  if (options.baseline !== undefined) return gateAgainstPast(options, options.baseline, argv);
  return gateAgainstBase(options, argv);
}
