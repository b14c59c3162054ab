/** Problems that no timed case has, against kernels with one fault each. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { open } from "../../../impls/engines/cpu.js";
import type { Engine } from "../../../impls/engines/engine.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import type { Problem } from "../../../impls/operator.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { checkShapes } from "../../../suites/gate/shapes.js";
import { laws } from "../../../suites/laws/index.js";
import { describeSpec } from "../../../suites/problems/spec.js";
import { parseToken } from "../../../suites/verify/token.js";
import { inProcessHost } from "../measure/in-process.js";
import { labOf, tinyCase } from "./lab.js";

type Outputs = Record<string, Float32Array>;

/** The recurrence, whose outputs something is done to. */
function spoilt(change: (outputs: Outputs, problem: Problem) => void): AnyImplementation {
  return {
    ...(recurrentCpu as AnyImplementation),
    options: () => [{ make: "mine" }],
    async prepare(engine: never, problem, options) {
      const prepared = await (recurrentCpu as AnyImplementation).prepare(engine, problem, options);
      const outputs = (await prepared.read()) as Outputs;
      const run = (launch: never) => {
        (prepared.run as (launch: never) => void)(launch);
        change(outputs, problem);
      };
      return { ...prepared, run };
    },
  };
}

async function swept(impl: AnyImplementation, limitMs?: number) {
  const engine = (await open()) as unknown as Engine<unknown>;
  const host = inProcessHost({ engine, implementations: [impl], nowMs: () => performance.now() });
  const lab = labOf(host, { base: "base", head: "head" });
  const inventory = [{ name: "ssd/recurrent.cpu", source: "", costs: [] }];
  return checkShapes(lab, [tinyCase({ impl: 0, options: {} })], inventory, limitMs);
}

describe("checkShapes", () => {
  it("lets a right kernel pass the list and the random problems, and counts", async () => {
    const { wrong, broken, summary } = await swept(
      spoilt(() => {}),
      600_000,
    );
    expect([wrong, broken]).toEqual([[], []]);
    expect(summary).toMatchObject({ implementations: 1, left: 0, seed: 5 });
    expect(summary.checks).toBeGreaterThan(25);
  });

  it("names the problem, and what to filter by, where batches or groups are mixed up", async () => {
    const faults: readonly ((outputs: Outputs, problem: Problem) => void)[] = [
      ({ Y }, { dims }) => dims.batch > 1 && Y.fill(0, Y.length / dims.batch),
      ({ Y }, { dims }) => dims.groups > 1 && dims.groups < dims.heads && Y.fill(0, dims.headDim),
      ({ Y }, { dims }) => dims.length === 257 && Y.fill(0, Y.length - 1),
      ({ Y }, { dims }) => dims.state === 96 && Y.fill(0, Y.length - 1),
      ({ Y }, { inputs }) => "z" in inputs && "D" in inputs && Y.fill(0, Y.length - 1),
    ];
    for (const fault of faults) {
      const { wrong, summary } = await swept(
        spoilt((outputs, problem) => void fault(outputs, problem)),
        600_000,
      );
      expect(wrong).toHaveLength(1);
      expect(wrong[0]).toMatchObject({ arm: "head", again: "ssd/recurrent.cpu make=mine" });
      expect(wrong[0].reason).toMatch(/^Y\[.*\] \(index \d+\): got .*, wanted .*; of ssd: /);
      // the first counterexample is enough
      expect(summary.checks).toBeLessThan(25);
    }
  });

  it("gives a random counterexample the token that verify replays", async () => {
    // no problem of the list has a decay of its own
    const fault = ({ Y }: Outputs, { seed }: Problem) => seed > 50 && Y.fill(0, Y.length - 1);
    const { wrong } = await swept(
      spoilt((outputs, problem) => void fault(outputs, problem)),
      600_000,
    );
    const [, spec, text] = wrong[0].reason.match(/; of (.*); verify --replay (\S+)$/)!;
    const token = parseToken(text);
    const law = laws.find(({ name }) => name === token.law)!;
    const operator = law.operators.find(({ name }) => name === token.operator)!;
    let replayed = "";
    fc.check(
      fc.property(law.cases(operator), (one) => {
        replayed = describeSpec(one.spec);
        return true;
      }),
      { seed: token.seed, path: token.path, numRuns: 1 },
    );
    expect(replayed).toBe(spec);
  });

  it("counts a crash as head's, and stops when its time is up, with what is left", async () => {
    const crash = spoilt((_, { dims }) => {
      if (dims.headDim === 80) throw new Error("no such tile");
    });
    const { broken } = await swept(crash, 600_000);
    expect(broken).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/headDim=80/),
        reason: expect.stringMatching(/^no such tile; of ssd/),
      }),
    ]);
    const { summary } = await swept(
      spoilt(() => {}),
      0,
    );
    expect(summary).toMatchObject({ checks: 0, notTaken: 0 });
    expect(summary.left).toBeGreaterThan(25);
  });
});
