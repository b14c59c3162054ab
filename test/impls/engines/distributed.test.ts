/** The distributed engine's promises: shards equal the whole, ranks are watched and named, traffic is the formula's, nothing is left. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { attention } from "../../../impls/attention/operator.js";
import { tiledDistributed } from "../../../impls/attention/tiled.distributed.js";
import { materialisedDistributed } from "../../../impls/attention_block/materialised.distributed.js";
import { attentionBlock } from "../../../impls/attention_block/operator.js";
import { type DistributedEngine, open } from "../../../impls/engines/distributed.js";
import { EngineAbsent } from "../../../impls/engines/engine.js";
import { type AnyImplementation, unsupportedReason } from "../../../impls/implementation.js";
import { mamba1Block } from "../../../impls/mamba1_block/operator.js";
import { recurrentDistributed } from "../../../impls/mamba1_block/recurrent.distributed.js";
import { chunkedDistributed as mamba2Distributed } from "../../../impls/mamba2_block/chunked.distributed.js";
import { constantsOf } from "../../../impls/mamba2_block/chunked.torch.js";
import { mamba2Block } from "../../../impls/mamba2_block/operator.js";
import { type AnyOperator, dimsFrom, type Problem, randomProblem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import { chunkedDistributed as ssdDistributed } from "../../../impls/ssd/chunked.distributed.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { chunkedDistributed as gradDistributed } from "../../../impls/ssd_grad/chunked.distributed.js";
import { ssdGrad } from "../../../impls/ssd_grad/operator.js";
import { fusedDistributed } from "../../../impls/swiglu_block/fused.distributed.js";
import { swigluBlock } from "../../../impls/swiglu_block/operator.js";
import { difference, passes } from "../../../impls/traffic.js";
import { orReason } from "../../or-reason.js";
import { agreement } from "../truth.js";

const engine = await orReason<DistributedEngine>("distributed", () => open("cpu"));
afterAll(() => engine?.close());

const RANKS = [1, 2, 3, 4, 7];
const [bySequence, byTensor] = mamba2Distributed;

/** Sizes that divide where they must; a length that does not. */
function problemOf(operator: AnyOperator, ranks: number, dtype: Problem["dtype"] = "f32"): Problem {
  const optional = Object.entries<{ optional?: true }>(operator.inputs)
    .filter(([name, { optional }]) => optional && !["documents", "xProj", "keys", "values"].includes(name))
    .map(([name]) => name);
  const sizes = {
    ...{ batch: 2, length: 17, context: 17, modelDim: 6, heads: 2 * ranks, groups: ranks, headDim: 3 },
    ...{
      headDimV: 4,
      state: 5,
      width: 4,
      past: 3,
      inner: operator === mamba2Block ? 7 * ranks : 15,
      rank: 2,
    },
  };
  const dims = dimsFrom(operator, sizes, optional);
  return randomProblem(operator, { dims, dtype, seed: 5 + ranks, with: optional as never[] }) as Problem;
}

const sharded: readonly [AnyOperator, AnyImplementation, Options][] = [
  [ssd, ssdDistributed, { chunk: 4, split: "sequence", passing: "chain" }],
  [ssd, ssdDistributed, { chunk: 4, split: "sequence", passing: "tree" }],
  [ssdGrad, gradDistributed, { chunk: 4, split: "sequence", passing: "chain" }],
  [ssdGrad, gradDistributed, { chunk: 4, split: "sequence", passing: "tree" }],
  [attention, tiledDistributed, { split: "sequence" }],
  [mamba2Block, bySequence, { chunk: 4, split: "sequence", passing: "tree" }],
  [mamba2Block, byTensor, { chunk: 4, split: "tensor" }],
  [mamba1Block, recurrentDistributed, { split: "tensor" }],
  [attentionBlock, materialisedDistributed, { split: "tensor" }],
  [swigluBlock, fusedDistributed, { split: "tensor" }],
];

describe.skipIf(!engine)("shards", () => {
  const cases = sharded.flatMap(([operator, impl, options]) =>
    RANKS.map((ranks) => {
      const words = Object.values({ ...options, chunk: undefined }).filter(Boolean);
      return { name: `${operator.name} ${words.join(" ")} over ${ranks}`, operator, impl, options, ranks };
    }),
  );
  it.each(cases)("$name: within the bound of the whole, and sends what the formula says", async (one) => {
    const problem = problemOf(one.operator, one.ranks);
    const { certified, worst } = await agreement(
      one.impl,
      problem,
      { ...one.options, ranks: one.ranks },
      engine! as never,
    );
    expect(certified, worst).toBeLessThan(1);
  });

  it.each(["f16", "bf16"] as const)(
    "of blocks in %s add up within the bound of their hops",
    async (dtype) => {
      for (const [operator, impl, options] of sharded.slice(6)) {
        const problem = problemOf(operator, 3, dtype);
        const { certified, worst } = await agreement(
          impl,
          problem,
          { ...options, ranks: 3 },
          engine! as never,
        );
        expect(certified, worst).toBeLessThan(1);
      }
    },
  );

  it("all but causal attention sends keys all the way round", async () => {
    const dims = { batch: 1, length: 9, context: 13, heads: 2, groups: 1, headDim: 4, headDimV: 3 };
    const problem = randomProblem(attention, { dims, settings: { causal: false } });
    const { certified, worst } = await agreement(
      tiledDistributed,
      problem,
      { ranks: 4, split: "sequence" },
      engine! as never,
    );
    expect(certified, worst).toBeLessThan(1);
  });

  it("that forget everything, or nothing, pass states on without overflow or NaN", async () => {
    for (const rate of [-200, -1e-6, 0]) {
      const dims = { batch: 1, length: 40, heads: 2, groups: 1, headDim: 2, state: 3 };
      const plain = randomProblem(ssd, { dims });
      const logA = { kind: "given" as const, axes: ["batch", "length", "heads"], shape: [1, 40, 2] };
      const given = { ...logA, data: new Float64Array(80).fill(rate) };
      const problem = { ...plain, inputs: { ...plain.inputs, logA: given } };
      for (const passing of ["chain", "tree"] as const) {
        const options = { chunk: 4, ranks: 4, split: "sequence", passing } as const;
        const { certified, worst } = await agreement(
          ssdDistributed,
          problem as Problem<typeof ssd>,
          options,
          engine! as never,
        );
        expect(certified, worst).toBeLessThan(1);
      }
    }
  });
});

describe.skipIf(!engine)("gradients of divided blocks", () => {
  const blocks = sharded.slice(6).map(([operator, impl]) => ({ name: operator.name, operator, impl }));
  const run = async (operator: AnyOperator, impl: AnyImplementation, ranks: number, fault: boolean) => {
    const whole = problemOf(operator, ranks);
    const given = ["initialConv", "initialState"];
    const inputs = Object.fromEntries(Object.entries(whole.inputs).filter(([name]) => !given.includes(name)));
    const problem = { ...whole, inputs } as Problem;
    const { constants } = programOf(impl, problem, ranks);
    const alone = operator === mamba2Block ? constantsOf(problem as never) : constants;
    const prepared = await engine!.prepared(
      operator,
      problem,
      { chunk: 4, ranks, split: "tensor" },
      {
        ...wrong("block_gradients"),
        constants: { operator: operator.name, part: constants, alone, fault: Number(fault) } as never,
      },
    );
    try {
      await engine!.once((launch) => prepared.run(launch));
    } finally {
      await prepared.dispose();
    }
  };

  it.each(blocks)(
    "$name: those of the whole, through the same program in float64",
    async ({ operator, impl }) => {
      for (const ranks of RANKS) await run(operator, impl, ranks, false);
    },
  );

  it.each(blocks)("$name: a sum that is missing on the way back is found", async ({ operator, impl }) => {
    await expect(run(operator, impl, 2, true)).rejects.toThrow(
      /the gradient of \w+ is \de.* of its peak from/,
    );
  });
});

describe.skipIf(!engine)("a rank", () => {
  const problem = randomProblem(ssd, {
    dims: { batch: 1, length: 4, heads: 1, groups: 1, headDim: 1, state: 1 },
  });

  async function runOf(make: string, on: DistributedEngine, ranks = 3) {
    const options = { ranks, split: "sequence", make } as const;
    const prepared = await on.prepared(ssd, problem, options, wrong("ranks"));
    await on.once((launch) => prepared.run(launch));
    return prepared;
  }

  it.each([
    ["dies", /^rank 1 of 3 was ended by SIGKILL$/],
    ["hangs", /no answer from rank 1 of 3$/],
    ["is silent", /^no answer from rank 1 of 3 in \d+ s$/],
  ])("that %s costs the case and is named; no process is left", async (make, words) => {
    const own = await open("cpu");
    const before = ranksAlive();
    const failed = runOf(make, own);
    await expect(failed).rejects.toThrow(words);
    await expect(failed).rejects.toMatchObject({ name: "EngineCrashed" });
    await expect(own.ceilings()).rejects.toThrow(words);
    await own.close();
    for (let i = 0; i < 100 && ranksAlive() >= before; i++) await setTimeout(20);
    expect(ranksAlive()).toBeLessThan(before);
  });

  it("whose answer is another one is named", async () => {
    const prepared = await runOf("differs", engine!);
    await expect(prepared.read()).rejects.toThrow("Y of rank 1 of 3 is not that of rank 0");
    await prepared.dispose();
  });

  it("that has a part alone, for want of the sum over ranks, is named", async () => {
    const block = problemOf(swigluBlock, 2);
    const options = { ranks: 2, split: "tensor" } as const;
    const prepared = await engine!.prepared(swigluBlock, block as never, options, wrong("missing_sum"));
    await engine!.once((launch) => prepared.run(launch));
    await expect(prepared.read()).rejects.toThrow("Y of rank 1 of 2 is not that of rank 0");
    await prepared.dispose();
  });

  it("that does not take a problem costs nothing but the case", async () => {
    await expect(runOf("refuses", engine!)).rejects.toThrow("no rank takes this");
    await runOf("answers", engine!);
  });

  it("that sends more than the formula says fails the case", async () => {
    const prepared = await runOf("sends more", engine!);
    await expect(prepared.inspect([])).rejects.toThrow(
      "all_reduce: the formula says 0 calls of 0 bytes in all, counted 2 of 32",
    );
    await prepared.dispose();
  });
});

/** A program of this folder's fixtures, whose traffic is none and whose patience is short. */
function wrong(name: string) {
  const file = new URL(`../../fixtures/distributed/${name}.py`, import.meta.url);
  return { file: fileURLToPath(file), traffic: {}, limitS: 0.3, scratchBytes: 0 };
}

/** What an implementation would give its program. */
function programOf(impl: AnyImplementation, problem: Problem, ranks: number) {
  const asked: { constants: Record<string, number> }[] = [];
  const recorder = {
    device: { kind: "cpu" },
    prepared: (_operator: unknown, _problem: unknown, _options: unknown, program: never) =>
      asked.push(program),
  };
  impl.prepare(recorder as never, problem as never, { ranks, split: "tensor" } as never);
  return asked[0];
}

/** Processes that run hub.py: hubs and their ranks. */
function ranksAlive(): number {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes("distributed/hub.py");
    } catch {
      return false;
    }
  }).length;
}

describe("what cannot be divided", () => {
  const engineOf = { device: { kind: "cpu" }, mostRanks: 8 } as never;
  const reason = (impl: AnyImplementation, problem: Problem, options: Options) =>
    unsupportedReason(impl, problem, options, engineOf);

  it("is a sentence", () => {
    const groups = problemOf(mamba2Block, 2);
    expect(reason(byTensor, groups, { ranks: 4, split: "tensor" })).toBe(
      "needs groups divisible by ranks=4, got groups=2",
    );
    expect(reason(materialisedDistributed, problemOf(attentionBlock, 3), { ranks: 2, split: "tensor" })).toBe(
      "needs groups divisible by ranks=2, got groups=3",
    );
    const short = randomProblem(ssd, {
      dims: { batch: 1, length: 2, heads: 1, groups: 1, headDim: 1, state: 1 },
    });
    expect(reason(ssdDistributed, short as never, { ranks: 3, split: "sequence" })).toBe(
      "needs a token for each rank, got length=2 ranks=3",
    );
    expect(reason(ssdDistributed, short as never, { ranks: 9, split: "sequence" })).toBe(
      "needs 9 processes, at most 8 here",
    );
  });
});

describe("traffic", () => {
  it("of a chain is one message a border, of a tree those of its rounds", () => {
    expect([1, 2, 3, 4, 7, 8].map((ranks) => passes(ranks, "chain"))).toEqual([0, 1, 2, 3, 6, 7]);
    expect([1, 2, 3, 4, 7, 8].map((ranks) => passes(ranks, "tree"))).toEqual([0, 1, 3, 5, 14, 17]);
  });

  it("that is not the formula's is a sentence", () => {
    expect(difference({ isend: [2, 16] }, { isend: [2, 16], all_reduce: [0, 0] })).toBeUndefined();
    expect(difference({ isend: [2, 16] }, { isend: [2, 20] })).toBe(
      "isend: the formula says 2 calls of 16 bytes in all, counted 2 of 20",
    );
  });
});

describe("absence", () => {
  it("is a sentence", async () => {
    await expect(open("tpu")).rejects.toThrow("distributed has no device tpu; it has cpu and cuda");
    vi.stubEnv("DUALBENCH_PYTHON", "/nonexistent");
    await expect(open("cpu")).rejects.toThrow(EngineAbsent);
    vi.unstubAllEnvs();
  });
});
