/** The recurrent form on WebGPU: exact order of the recurrence, and the decoder (length 1 from initialState, many sequences). */
import { implementation } from "../implementation.js";
import { fitWalk } from "../recurrence/tiles.js";
import { ssd } from "./operator.js";

const url = new URL("./webgpu/recurrent.wgsl", import.meta.url);

export const recurrentWebgpu = implementation(ssd, "webgpu", {
  form: "recurrent",
  source: "arXiv 2405.21060, equation (1)",
  dtypes: ["f32", "f16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 0,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, groups, headDim, state } = problem.dims;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } =
      engine.limits;
    const tiles = fitWalk(headDim, state, { workgroupBytes, invocations });
    if (!tiles)
      throw new Error(
        `state=${state} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`,
      );
    const stage = engine.stage(ssd, problem, { f32Outputs: ["finalState"] });
    const slices = Math.ceil(headDim / tiles.PT);
    for (const window of stage.windows) {
      const { batches, tokens, isFirst } = window;
      const names = ["X", "logA", "B", "C", "initialState", "dt", "D", "z"];
      const [X, logA, B, C, initialState, dt, D, z] = await Promise.all(
        names.map((name) => stage.input(name, window)),
      );
      const perHeadD = problem.inputs.D?.axes.length === 1 ? 1 : 0;
      const size = stage.uniform([batches, tokens, heads, groups, headDim, state, slices, perHeadD]);
      const flags = ["dt", "D", "z"].filter((name) => stage.has(name));
      if (!isFirst) flags.push("carries");
      else if (initialState) flags.push("initialState");
      await stage.kernel(
        { url, flags, constants: { ...tiles } },
        {
          0: size,
          1: X,
          2: logA,
          3: B,
          4: C,
          5: stage.output("Y", window),
          6: stage.output("finalState", window),
          7: isFirst ? initialState : undefined,
          8: dt,
          9: D,
          10: z,
        },
        [slices * heads, 1, batches],
      );
    }
    return stage.prepared();
  },

  // every slice of channels reads B and C again; the second reading mostly comes from a cache
  cost: (problem) => ({ ...ssd.cost(problem), dispatches: 1 }),
});
