/** `mamba3_siso`: the official layouts (decays, steps and trapezoids have time last); states are carried in and out by their own names. */

import { mamba3 } from "../../impls/mamba3/index.js";
import { givenProblem } from "../../impls/operator.js";
import type { GoldenOp } from "./mapping.js";

export const mamba3Siso: GoldenOp = {
  op: "mamba3_siso",
  map(golden) {
    const { b: batch, t: length, h: heads, g: groups, p: headDim, n: state, r: pairs } = golden.sizes;
    const optional = (name: string, axes: string) => (golden.has(name) ? golden.take(name, axes) : undefined);
    const problem = givenProblem(mamba3, {
      dims: { batch, length, heads, groups, headDim, state, pairs },
      dtype: "f64",
      inputs: {
        Q: golden.take("Q", "b t g n"),
        K: golden.take("K", "b t g n"),
        V: golden.take("V", "b t h p"),
        logA: golden.take("ADT", "b t h"),
        dt: golden.take("DT", "b t h"),
        trap: golden.take("Trap", "b t h"),
        angles: golden.take("Angles", "b t h r"),
        biasQ: golden.take("Q_bias", "h n"),
        biasK: golden.take("K_bias", "h n"),
        D: optional("D", "h"),
        z: optional("Z", "b t h p"),
        initialAngles: optional("Input_Angle", "b h r"),
        initialState: optional("Input_SSM", "b h p n"),
        initialK: optional("Input_K", "b h n"),
        initialV: optional("Input_V", "b h p"),
      },
    });
    const expected = [
      ["out.Out", "Y", "b t h p"],
      ["out.Final_Angle", "finalAngles", "b h r"],
      ["out.Final_SSM", "finalState", "b h p n"],
      ["out.Final_K", "finalK", "b h n"],
      ["out.Final_V", "finalV", "b h p"],
    ].map(([name, output, axes]) => ({ golden: name, output, values: golden.take(name, axes) }));
    return { problems: [{ operator: mamba3, problem, expected }] };
  },
};
