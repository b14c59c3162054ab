/** `selective_scan` (Mamba-1): time is the last axis; B and C are constant (d n), shared (b n t) or grouped (b g n t). */
import { z } from "zod";
import { givenProblem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ delta_softplus: z.boolean().default(false) });

/** Channels are heads x headDim; a head no wider than this, so that GPU kernels with narrow heads can take the case too. */
const WIDEST_HEAD = 64;

export const selectiveScanOp: GoldenOp = {
  op: "selective_scan",
  map(golden) {
    const { b: batch, t: length, d: channels, n: state } = golden.sizes;
    const options = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    const groupsOf = (name: "B" | "C") => (golden.axes(name).includes("g") ? golden.sizes.g : 1);
    const groups = Math.max(groupsOf("B"), groupsOf("C"));
    let heads = groups;
    while (channels % heads !== 0 || channels / heads > WIDEST_HEAD) heads += groups;
    const layouts: Record<string, readonly string[]> = {};
    for (const name of ["B", "C"] as const)
      if (isConstant(golden, name)) layouts[name] = ["heads", "headDim", "state"];

    const problem = givenProblem(selectiveScan, {
      dims: { batch, length, heads, groups, headDim: channels / heads, state },
      dtype: "f64",
      inputs: {
        u: golden.take("u", "b t d"),
        delta: golden.take("delta", "b t d"),
        A: golden.take("A", "d n"),
        B: projection(golden, "B", groups),
        C: projection(golden, "C", groups),
        D: golden.has("D") ? golden.take("D", "d") : undefined,
        z: golden.has("z") ? golden.take("z", "b t d") : undefined,
        deltaBias: golden.has("delta_bias") ? golden.take("delta_bias", "d") : undefined,
      },
      layouts,
      settings: { softplus: options.delta_softplus },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t d") }];
    if (golden.has("out.last_state"))
      expected.push({
        golden: "out.last_state",
        output: "finalState",
        values: golden.take("out.last_state", "b d n"),
      });
    return { problems: [{ operator: selectiveScan, problem, expected }] };
  },
};

function isConstant(golden: GoldenCase, name: "B" | "C"): boolean {
  return !golden.axes(name).includes("t");
}

/** B or C as (b t g n), repeated over the groups where the other one is grouped and this one is shared. */
function projection(golden: GoldenCase, name: "B" | "C", groups: number): Float64Array {
  if (isConstant(golden, name)) return golden.take(name, "d n");
  if (golden.axes(name).includes("g")) return golden.take(name, "b t g n");
  const shared = golden.take(name, "b t n");
  const state = golden.sizes.n;
  return Float64Array.from(
    { length: shared.length * groups },
    (_, i) => shared[Math.floor(i / (groups * state)) * state + (i % state)],
  );
}
