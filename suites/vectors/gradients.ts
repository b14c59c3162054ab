/**
 * Golden gradients: the same op plus `w` (and `w_state`), the cotangents of its outputs; `out.dNAME` for every input. The problem is the
 * forward one of the same op's own file, run as a training pass, so that its outputs are compared too.
 */
import { attentionGrad } from "../../impls/attention_grad/index.js";
import { type AnyOperator, checked } from "../../impls/operator.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import { attentionOp } from "./attention.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp, Mapping } from "./mapping.js";
import { selectiveScanOp } from "./selective_scan.js";
import { ssdCombined } from "./ssd_combined.js";
import { ssdMinimal } from "./ssd_minimal.js";

/** A gradient: its name in the file after `out.d`, our input, the axes in our order. */
type Gradients = readonly (readonly [golden: string, input: string, axes: string])[];

interface Cotangents {
  /** Axes of `w`, and of `w_state` where the op has a final state. */
  readonly w: string;
  readonly state?: string;
}

function gradientOp(
  forward: GoldenOp,
  operator: AnyOperator,
  gradients: Gradients,
  { w, state }: Cotangents,
): GoldenOp {
  const givenAs = (golden: GoldenCase, name: string, axes: string, input: string, dims: object) => ({
    kind: "given" as const,
    axes: operator.inputs[input].axes,
    shape: operator.inputs[input].axes.map((axis: string) => (dims as Record<string, number>)[axis]),
    data: golden.take(name, axes),
  });
  return {
    op: `${forward.op}_grad`,
    map(golden): Mapping {
      const mapping = forward.map(golden);
      if ("skip" in mapping) return mapping;
      const [{ problem, expected }] = mapping.problems;
      const { dims } = problem;
      const inputs = {
        ...problem.inputs,
        dY: givenAs(golden, "w", w, "dY", dims),
        ...(golden.has("w_state")
          ? { dFinalState: givenAs(golden, "w_state", state!, "dFinalState", dims) }
          : {}),
      };
      const settings = { ...problem.settings, training: true };
      const found = gradients.filter(([name]) => golden.has(`out.d${name}`));
      return {
        problems: [
          {
            operator,
            problem: checked(operator, { ...problem, operator: operator.name, inputs, settings }),
            expected: [
              ...expected,
              ...found.map(([name, input, axes]) => ({
                golden: `out.d${name}`,
                output: `d${input}`,
                values: golden.take(`out.d${name}`, axes),
              })),
            ],
          },
        ],
      };
    },
  };
}

const STATE = { w: "b t h p", state: "b h p n" };

export const gradientOps: readonly GoldenOp[] = [
  gradientOp(
    ssdMinimal,
    ssdGrad,
    [
      ["X", "X", "b t h p"],
      ["A", "logA", "b t h"],
      ["B", "B", "b t h n"],
      ["C", "C", "b t h n"],
      ["initial_states", "initialState", "b h p n"],
    ],
    STATE,
  ),
  gradientOp(
    ssdCombined,
    ssdGrad,
    [
      ["x", "X", "b t h p"],
      ["dt", "dt", "b t h"],
      ["A", "logA", "h"],
      ["B", "B", "b t g n"],
      ["C", "C", "b t g n"],
      ["D", "D", "h"],
      ["z", "z", "b t h p"],
      ["dt_bias", "dtBias", "h"],
      ["initial_states", "initialState", "b h p n"],
    ],
    STATE,
  ),
  gradientOp(
    selectiveScanOp,
    selectiveScanGrad,
    [
      ["u", "u", "b t d"],
      ["delta", "delta", "b t d"],
      ["A", "A", "d n"],
      ["B", "B", "b t n"],
      ["C", "C", "b t n"],
      ["D", "D", "d"],
      ["z", "z", "b t d"],
      ["delta_bias", "deltaBias", "d"],
    ],
    { w: "b t d" },
  ),
  gradientOp(
    attentionOp,
    attentionGrad,
    [
      ["q", "Q", "b t h d"],
      ["k", "K", "b s k d"],
      ["v", "V", "b s k e"],
    ],
    { w: "b t h e" },
  ),
];
