/** `gate --simulate`: how often the rule fails an innocent change, and how often it finds a guilty one, under chosen noise. */
import { DEFAULT_RULE } from "../../reports/judge.js";
import { NAIVE_RULES, simulateNaive } from "../../suites/gate/naive.js";
import { type Noise, type Simulation, simulate, upperBound95 } from "../../suites/gate/simulate.js";
import { EXIT } from "./exit.js";
import type { GateOptions } from "./gate-options.js";

export async function simulateGate(options: GateOptions): Promise<number> {
  const noise: Noise = {
    processSd: options.processSd / 100,
    sampleSd: options.sampleSd / 100,
    samples: 15,
    drift: options.drift / 100,
  };
  const { runs, cases } = options;
  const base: Simulation = {
    runs,
    cases,
    slowdown: 0,
    seed: options.seed ?? 0,
    noise,
    rule: { ...DEFAULT_RULE, delta: options.delta / 100 },
  };
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(
    `noise: process sd ${options.processSd}%, sample sd ${options.sampleSd}%, drift ${options.drift}%; ${runs} runs of ${cases} cases, seed ${base.seed}`,
  );
  const still = await simulate(base);
  const most = upperBound95(still.falseFails, runs);
  say(
    `no change: ${still.falseFails} of ${runs} runs fail (at most ${percent(most)} of all such runs, with 95% confidence)`,
  );
  const slowed = await simulate({ ...base, slowdown: options.slowdown / 100 });
  const least = 1 - upperBound95(runs - slowed.detections, runs);
  say(
    `one case ${options.slowdown}% slower: found in ${slowed.detections} of ${runs} runs (power ${(slowed.detections / runs).toFixed(3)}, at least ${least.toFixed(3)} with 95% confidence); another case was named in ${slowed.falseFails}`,
  );
  say("simpler rules, identical code, share of cases that they call slower or faster:");
  for (const rule of NAIVE_RULES) {
    const { flagged, trials } = simulateNaive(rule, { noise, trials: runs, seed: base.seed });
    say(`  ${percent(flagged / trials).padStart(6)}  ${rule.says}`);
  }
  return EXIT.good;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)}%`;
}
