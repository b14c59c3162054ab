import { afterAll, expect, test } from "vitest";
import { attentionBlock } from "../../../impls/attention_block/operator.js";
import type { Layer } from "../../../impls/blocks/model.js";
import { EngineAbsent } from "../../../impls/engines/engine.js";
import { mamba1Block } from "../../../impls/mamba1_block/operator.js";
import { mamba2Block } from "../../../impls/mamba2_block/operator.js";
import { type AnyOperator, dimsFrom, randomProblem } from "../../../impls/operator.js";
import { swigluBlock } from "../../../impls/swiglu_block/operator.js";
import { openTraining, type TrainableBlock, type Training } from "../../../impls/training/index.js";

const SIZES = {
  ...{ batch: 2, length: 9, context: 9, modelDim: 6, inner: 10, heads: 4, groups: 2, headDim: 2, state: 3 },
  ...{ width: 3, rank: 2 },
};

interface Case {
  readonly operator: AnyOperator;
  readonly with?: readonly string[];
  readonly settings?: Readonly<Record<string, number | boolean>>;
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
}

const LAYER = ["preNorm", "inBias", "outBias", "convBias"];
const CASES: Readonly<Record<string, Case>> = {
  "mamba-2 with all its weights": {
    operator: mamba2Block,
    with: [...LAYER, "normWeight", "initialState"],
    layouts: { D: ["heads", "headDim"], initialState: ["heads", "headDim", "state"] },
  },
  "mamba-2, norm before the gate": {
    operator: mamba2Block,
    with: ["normWeight"],
    settings: { normBeforeGate: true, normGroups: 4, dtMin: 0.01, dtMax: 0.1 },
  },
  "mamba-2, sequential": { operator: mamba2Block, with: ["xProj"], settings: { features: 3 } },
  "mamba-2, multi-query": { operator: mamba2Block, settings: { pattern: 1, features: 1 } },
  "mamba-2, multi-key": { operator: mamba2Block, settings: { pattern: 2, features: 2 } },
  "mamba-1": { operator: mamba1Block, with: LAYER },
  attention: { operator: attentionBlock, with: ["preNorm", "inBias", "outBias"] },
  swiglu: { operator: swigluBlock, with: ["preNorm", "inBias", "outBias"] },
};

function layerOf({ operator, with: names = [], settings = {}, layouts = {} }: Case): Layer {
  const wanted = names.filter((name) => name in operator.inputs);
  const dims = dimsFrom(operator, SIZES, wanted, settings);
  const problem = randomProblem(operator, { dims, settings, layouts, seed: 5, with: wanted as never });
  return { operator, problem: problem as Layer["problem"] };
}

/** sum(Y dy) */
function loss({ y, dy }: TrainableBlock): number {
  return y.reduce((sum, value, i) => sum + value * dy[i], 0);
}

const opened: Record<string, Training> = { cpu: await openTraining({ engine: "cpu" }) };
try {
  opened.native = await openTraining({ engine: "native", threads: 2 });
} catch (error) {
  if (!(error instanceof EngineAbsent)) throw error;
  process.stderr.write(`${error.message}\n`);
}
afterAll(() => {
  for (const training of Object.values(opened)) training.close();
});
const everywhere = Object.keys(opened).flatMap((engine) =>
  Object.keys(CASES).map((name) => [engine, name] as const),
);

test.each(everywhere)("on %s, %s: gradients are what the loss does along them", async (engine, name) => {
  const training = opened[engine];
  const of = CASES[name];
  const block = await training.block(layerOf(of));
  for (let i = 0; i < block.x.length; i++) {
    block.x[i] = Math.sin(3 * i);
    block.dy[i] = Math.cos(7 * i);
  }
  block.forward();
  block.backward();
  const places = { x: block.x, ...block.weights };
  const slopes = { x: block.dx, ...block.gradients };
  for (const [name, values] of Object.entries(places)) {
    const [before, slope] = [values.slice(), slopes[name as keyof typeof slopes]];
    // along a direction of signs
    const direction = before.map((_, i) => (Math.sin(11 * i + 1) > 0 ? 1 : -1));
    const step = 2 ** -7;
    const at = (far: number) => {
      for (let i = 0; i < values.length; i++) values[i] = before[i] + far * step * direction[i];
      block.forward();
      values.set(before);
      return loss(block);
    };
    // differences of fourth order
    const measured = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
    const claimed = slope.reduce((sum, g, i) => sum + g * direction[i], 0);
    const size = Math.sqrt(slope.reduce((sum, g) => sum + g * g, 0));
    expect(Math.abs(measured - claimed), `${name}: ${measured} measured, ${claimed} claimed`).toBeLessThan(
      2e-3 * size + 1e-4,
    );
  }
});

test.each(everywhere)("on %s, %s: the same again has the same bits", async (engine, name) => {
  const block = await opened[engine].block(layerOf(CASES[name]));
  block.x.fill(0.5);
  block.dy.fill(0.25);
  const run = () => {
    block.forward();
    block.backward();
    return [block.y, block.dx, ...Object.values(block.gradients)].map((values) => values.slice());
  };
  const first = run();
  expect(run()).toEqual(first);
});

test.each(Object.keys(opened))(
  "on %s: a head's gradients are what its loss does along them",
  async (engine) => {
    const sizes = { tokens: 300, modelDim: 5, vocabulary: 37 };
    const head = await opened[engine].head(sizes);
    for (let i = 0; i < head.x.length; i++) head.x[i] = 2 * Math.sin(3 * i * i);
    for (let i = 0; i < head.weight.length; i++) head.weight[i] = Math.cos(7 * i * i);
    for (let t = 0; t < sizes.tokens; t++) head.targets[t] = t % 7 === 0 ? -1 : (t * t) % 37;
    const { asked, loss } = head.run();
    expect(asked).toBe(257);
    expect(head.run(false)).toEqual(head.run());
    // by logits in float64
    const logits = (t: number) =>
      Array.from({ length: 37 }, (_, v) =>
        Array.from({ length: 5 }, (_, c) => head.weight[5 * v + c] * head.x[5 * t + c]).reduce(
          (a, b) => a + b,
        ),
      );
    let wanted = 0;
    for (let t = 0; t < sizes.tokens; t++)
      if (head.targets[t] >= 0)
        wanted += Math.log(logits(t).reduce((sum, l) => sum + Math.exp(l), 0)) - logits(t)[head.targets[t]];
    expect(loss).toBeCloseTo(wanted / asked, 5);
    expect(head.dx.slice(0, 5)).toEqual(new Float32Array(5));
    for (const [values, slope] of [
      [head.x, head.dx.slice()] as const,
      [head.weight, head.dWeight.slice()] as const,
    ]) {
      const before = values.slice();
      const at = (far: number) => {
        for (let i = 0; i < values.length; i++) values[i] = before[i] + (i % 2 ? far : -far);
        const { loss } = head.run(false);
        values.set(before);
        return loss;
      };
      const measured = (at(2 ** -8) - at(-(2 ** -8))) * 2 ** 7;
      const claimed = slope.reduce((sum, g, i) => sum + (i % 2 ? g : -g), 0);
      expect(measured).toBeCloseTo(claimed, 3);
    }
  },
);

test("a problem that no gradient knows is turned down with its name", async () => {
  const layer = layerOf({ operator: mamba2Block, with: ["initialConv"] });
  await expect(opened.cpu.block(layer)).rejects.toThrow(/a problem with initialConv cannot be trained/);
});
