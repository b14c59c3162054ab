/** Planted bugs: `verify` must catch each, by the check that is made for it, and shrink it to something a person can read. */
import { describe, expect, it } from "vitest";
import { type AnyImplementation, implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { laws } from "../../../suites/laws/index.js";
import { mutants } from "../../../suites/mutants/index.js";
import { type RandomReport, runRandom } from "../../../suites/verify/random.js";
import { replay } from "../../../suites/verify/replay.js";
import { parseToken } from "../../../suites/verify/token.js";
import { cpuTarget } from "../targets.js";

const seed = 7;
// the running sums are a plain triple loop, references of gradients walk three times, and a step spoils nearly every problem
const FEWER: Readonly<Record<string, number>> = {
  "running-sums": 30,
  "partial-chunk-forgotten": 30,
  "state-not-decayed": 30,
  "reads-old-state": 30,
  "own-key-missing": 30,
  "conv-state-forgotten": 40,
  "norm-ungrouped": 40,
  "block-gate-order": 40,
  "dt-bias-forgotten": 40,
  "gradient-dt-half": 40,
  "gradient-final-state": 40,
  "gradient-softplus-threshold": 40,
};
const casesFor = (name: string) => FEWER[name] ?? 80;

/** The comparison with the reference catches every bug; these laws catch it without any reference of its own operator. */
const caughtBy: Readonly<Record<keyof typeof mutants, readonly string[]>> = {
  "exclusive-decay": ["split-resume"],
  "last-chunk-dropped": ["linear-attention"],
  "groups-interleaved": ["linear-attention"],
  "d-times-dt": ["scan-is-ssd"],
  "z-before-d": ["scan-is-ssd"],
  "running-sums": [],
  "initial-state-forgotten": ["split-resume"],
  "third-head": ["permutation"],
  "long-sequences": [],
  "softmax-without-rescale": [],
  "causal-off-by-one": ["causality"],
  "fft-without-padding": ["recurrence-is-convolution"],
  "taps-flipped": [],
  "tap-leaks": ["packed-documents"],
  "gate-order": [],
  "eps-outside": ["norm-scales"],
  "toeplitz-off-by-one": [],
  "document-leak": ["packed-documents"],
  "initial-state-for-all": ["packed-documents"],
  "softplus-threshold": [],
  "gradient-dt-half": [],
  "gradient-final-state": [],
  "gradient-softplus-threshold": [],
  "gradient-document-leak": ["packed-gradients"],
  "partial-chunk-forgotten": ["prefill"],
  "state-not-decayed": ["decode-steps"],
  "reads-old-state": ["decode-steps"],
  "own-key-missing": ["decode-steps"],
  "conv-state-forgotten": ["block-split"],
  "norm-ungrouped": [],
  "block-gate-order": [],
  "dt-bias-forgotten": [],
};

/** A healthy implementation of the same operator. */
function base(mutant: AnyImplementation): AnyImplementation {
  return implementations.find(({ operator, engine }) => operator === mutant.operator && engine === "cpu")!;
}

const named = (name: string, impl: AnyImplementation) => `${implementationName(impl)} make=${name}`;

/** All mutants of an operator meet the same problems, whose truth is then computed once. */
const reports = new Map<string, Promise<RandomReport>>();
function reportOn(impl: AnyImplementation, cases: number, law: string): Promise<RandomReport> {
  const alike = Object.entries(mutants).filter(
    ([name, other]) =>
      other.operator === impl.operator && casesFor(name) === cases && lawsOf(name).includes(law),
  );
  const key = `${impl.operator.name} ${cases} ${law}`;
  const report =
    reports.get(key) ??
    runRandom({
      cases,
      seed,
      targets: alike.map(([, mutant]) => cpuTarget(mutant)),
      laws: laws.filter((one) => one.name === law),
    });
  reports.set(key, report);
  return report;
}

const lawsOf = (name: string) => ["forms-agree", ...caughtBy[name as keyof typeof mutants]];

describe(`mutants, seed ${seed}`, () => {
  const planted = Object.entries(mutants).flatMap(([name, impl]) =>
    lawsOf(name).map((law) => ({ name, impl, law })),
  );
  it.each(planted)("$name is caught by $law", async ({ name, impl, law }) => {
    const mine = named(name, impl);
    const { broken, failures } = await reportOn(impl, casesFor(name), law);
    expect(broken).toContain(`${mine} ${law}`);

    // a few lines with the values, and the very same element when it is replayed
    const { counterexample, token } = failures.find(({ target }) => target === mine)!;
    expect(counterexample.length).toBeLessThan(14);
    const again = await replay(parseToken(token), laws, [cpuTarget(impl)]);
    expect(again.ok).toBe(false);
    expect(again.lines.join("\n")).toContain(counterexample[1]);

    // the healthy implementation passes the same case, and only that case is run
    const healthy = await replay(parseToken(token), laws, [cpuTarget(base(impl))]);
    expect(healthy.ok).toBe(true);
    expect(healthy.lines.filter((line) => line.startsWith("pass"))).toHaveLength(1);
  });
});
