/** Models of every implementation on every awkward problem, read back without the package: all names known, all shapes the operator's. */
import { describe, expect, it } from "vitest";
import { Graph } from "../../../../impls/engines/onnxruntime/graph.js";
import { type OnnxProgram, writeModel } from "../../../../impls/engines/onnxruntime/model.js";
import {
  type AnyImplementation,
  implementationName,
  unsupportedReason,
} from "../../../../impls/implementation.js";
import { implementations } from "../../../../impls/index.js";
import { type AnyOperator, outputSize, type Problem, randomProblem } from "../../../../impls/operator.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import { elementCount } from "../../../../impls/tensor.js";
import { awkwardProblems } from "../../../../suites/problems/awkward.js";
import { buildProblem } from "../../../../suites/problems/build.js";
import { type DecodedGraph, decodeModel } from "./decode.js";

/** Prepares a model where the engine would prepare a session. */
const writer = {
  threads: 2,
  prepared: (
    operator: AnyOperator,
    problem: Problem,
    _options: unknown,
    program: OnnxProgram<AnyOperator>,
  ) => ({
    ...writeModel(operator, problem, program),
    scratchBytes: program.scratchBytes,
  }),
};

async function modelsOf(impl: AnyImplementation, problem: Problem) {
  const choices = await impl.options!(problem, writer as never);
  // what it does not know of is conformance's to list
  if (unsupportedReason(impl, problem, choices[0])?.startsWith("takes no ")) return [];
  return choices.map((options) => {
    expect(unsupportedReason(impl, problem, options)).toBeUndefined();
    return impl.prepare(writer as never, problem, options) as unknown as ReturnType<typeof writer.prepared>;
  });
}

/** What is wrong with the names of a graph: nodes come in an order in which they can run. */
function namingErrors(graph: DecodedGraph, outer: readonly string[] = []): string[] {
  const known = new Set([...outer, ...graph.inputs.keys(), ...graph.constants.map(({ name }) => name)]);
  const errors: string[] = [];
  for (const { type, inputs, outputs, bodies } of graph.nodes) {
    for (const name of inputs) if (name !== "" && !known.has(name)) errors.push(`${type} reads ${name}`);
    for (const body of bodies) errors.push(...namingErrors(body, [...known]));
    for (const name of outputs) {
      if (known.has(name)) errors.push(`${type} writes ${name} again`);
      known.add(name);
    }
  }
  for (const name of graph.outputs.keys()) if (!known.has(name)) errors.push(`no node writes ${name}`);
  return errors;
}

const BYTES_OF_TYPE = new Map([
  [1, 4],
  [7, 8],
  [9, 1],
]);

const here = implementations.filter(({ engine }) => engine === "onnxruntime");

describe.each(here.map((impl) => [implementationName(impl), impl] as const))("%s", (_name, impl) => {
  it("writes graphs that hold together", async () => {
    for (const { spec, title } of awkwardProblems(impl.operator)) {
      const problem = buildProblem(impl.operator, spec, "f32");
      for (const { model, scratchBytes } of await modelsOf(impl, problem)) {
        const { graph, opsets, irVersion } = decodeModel(model);
        expect(namingErrors(graph), title).toEqual([]);
        expect([...opsets]).toEqual([
          ["", 23],
          ["com.microsoft", 1],
        ]);
        expect(irVersion).toBe(11);
        expect([...graph.inputs.keys()].sort()).toEqual(
          Object.keys(problem.inputs)
            .filter((name) => problem.inputs[name])
            .sort(),
        );
        for (const [name, shape] of graph.inputs)
          expect(elementCount(shape), `${title}: ${name}`).toBe(elementCount(problem.inputs[name]!.shape));
        for (const [name, shape] of graph.outputs)
          expect(elementCount(shape), `${title}: ${name}`).toBe(outputSize(impl.operator, problem, name));
        for (const { name, dims, type, byteLength } of graph.constants)
          expect(byteLength, `${title}: ${name}`).toBe(elementCount(dims) * BYTES_OF_TYPE.get(type)!);
        expect(scratchBytes).toBeGreaterThan(0);
      }
    }
  });

  it("never asks for Sigmoid, which is exactly 0 below -18", async () => {
    const foreign = ["documents", "dtBias", "poles", "weights"];
    const optional = Object.keys(impl.operator.inputs).filter(
      (name) => impl.operator.inputs[name].optional && !foreign.includes(name),
    );
    const dims = { batch: 1, length: 9, context: 9, heads: 2, groups: 1, headDim: 3, headDimV: 3, state: 2 };
    const own = Object.fromEntries(impl.operator.dims.map((dim: keyof typeof dims) => [dim, dims[dim]]));
    const problem = randomProblem(impl.operator, { dims: own, with: optional as never[] }) as Problem;
    const models = await modelsOf(impl, problem);
    expect(models).not.toEqual([]);
    for (const { model } of models) {
      const types = decodeModel(model).graph.nodes.map(({ type }) => type);
      expect(types).not.toContain("Sigmoid");
      if (optional.includes("z")) expect(types).toContain("Exp");
    }
  });
});

describe("a model", () => {
  const problem = randomProblem(ssd, {
    dims: { batch: 1, length: 6, heads: 2, groups: 1, headDim: 3, state: 5 },
  });

  it("refuses a view with another number of elements", () => {
    const build = () => {
      throw new Error("not reached");
    };
    expect(() => writeModel(ssd, problem, { views: { X: [6, 5] }, build })).toThrow(
      "X has shape 1x6x2x3, which cannot be seen as 6x5",
    );
  });

  it("gives LinearAttention its heads as groups and a scale of one", async () => {
    const impl = here.find((one) => implementationName(one) === "ssd/recurrent.onnxruntime")!;
    const [{ model }] = await modelsOf(impl, problem as Problem);
    const [node] = decodeModel(model).graph.nodes.filter(({ type }) => type === "LinearAttention");
    expect(node.domain).toBe("com.microsoft");
    // C, B, X, no initial state, logA
    expect(node.inputs.map((name) => name === "")).toEqual([false, false, false, true, false]);
    const attribute = (name: string) => Buffer.from(node.attributes.get(name)!).toString("hex");
    expect(attribute("scale")).toBe(`0a05${Buffer.from("scale").toString("hex")}150000803fa00101`);
    expect(attribute("q_num_heads").endsWith("1801a00102")).toBe(true);
    expect(attribute("kv_num_heads").endsWith("1802a00102")).toBe(true);
  });

  it("keeps names of a body apart from its graph's", () => {
    const graph = new Graph();
    const outer = graph.input([2]);
    const body = graph.body();
    const inner = body.input([2]);
    expect(inner.name).not.toBe(outer.name);
  });

  it("refuses an output without elements, when the model is written", () => {
    const graph = new Graph();
    graph.output(graph.op("Neg", [graph.input([2])]), [0]);
    expect(() => graph.model()).toThrow(/has no elements: 0/);
  });
});
