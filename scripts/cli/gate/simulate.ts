/** `gate --simulate`: how often the rule fails an innocent change, and how often it finds a guilty one, under chosen noise. */
import { DEFAULT_RULE } from "../../../suites/gate/statistics/judge.js";
import { logRatioOfMedians, NAIVE_RULES, simulateNaive } from "../../../suites/gate/statistics/naive.js";
import {
  DEFAULT_SIMULATION,
  type Noise,
  type Simulation,
  type SimulationResult,
  simulate,
  upperBound95,
} from "../../../suites/gate/statistics/simulate.js";
import { EXIT } from "../exit.js";
import type { GateOptions } from "./options.js";

export async function simulateGate(options: GateOptions): Promise<number> {
  const noise: Noise = {
    processSd: options.processSd / 100,
    sampleSd: options.sampleSd / 100,
    samples: DEFAULT_SIMULATION.noise.samples,
    drift: options.drift / 100,
    slow: options.slow / 100,
    spellMs: options.spell,
  };
  const { runs, cases } = options;
  const base: Simulation = {
    ...DEFAULT_SIMULATION,
    runs,
    cases,
    seed: options.seed ?? 0,
    noise,
    rule: { ...DEFAULT_RULE, delta: options.delta / 100 },
  };
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const modes = noise.slow > 0 ? `, slow mode +${options.slow}% in spells of ${options.spell} ms` : "";
  say(
    `noise: process sd ${options.processSd}%, sample sd ${options.sampleSd}%, drift ${options.drift}%${modes}; ` +
      `${runs} runs of ${cases} cases, seed ${base.seed}`,
  );
  const still = await simulate(base);
  say(
    `no change: ${still.falseFails} of ${runs} runs fail ` +
      `(at most ${percent(upperBound95(still.falseFails, runs))} of all such runs, with 95% confidence)`,
  );
  const slowed = await simulate({ ...base, slowdown: options.slowdown / 100 });
  say(
    `one case ${options.slowdown}% slower: ${found(slowed)}; another case was named in ${slowed.falseFails}`,
  );
  const plain = await simulate({ ...base, slowdown: options.slowdown / 100, estimate: logRatioOfMedians });
  say(`  had each process been reduced to its median first: ${found(plain)}`);
  say("simpler rules, identical code, share of cases that they call slower or faster:");
  for (const rule of NAIVE_RULES) {
    const { flagged, trials } = simulateNaive(rule, { noise, trials: runs, seed: base.seed });
    say(`  ${percent(flagged / trials).padStart(6)}  ${rule.says}`);
  }
  return EXIT.good;
}

function found({ detections, runs }: SimulationResult): string {
  const least = 1 - upperBound95(runs - detections, runs);
  const power = (detections / runs).toFixed(3);
  return `found in ${detections} of ${runs} runs (power ${power}, at least ${least.toFixed(3)} with 95% confidence)`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)}%`;
}
