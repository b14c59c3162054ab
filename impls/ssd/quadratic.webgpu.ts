/** The quadratic (attention-like) form on WebGPU; the final state comes from the chunked form's first steps. */
import { implementation } from "../implementation.js";
import { ssd } from "./operator.js";
import { fitTiles, segmentsFor } from "./webgpu/tiles.js";

const quadraticUrl = new URL("./webgpu/quadratic.wgsl", import.meta.url);
const statesUrl = new URL("./webgpu/chunked.states.wgsl", import.meta.url);
const passUrl = new URL("./webgpu/chunked.pass.wgsl", import.meta.url);
const CHUNK = 32;

export const quadraticWebgpu = implementation(ssd, "webgpu", {
  form: "quadratic",
  source: "arXiv 2405.21060, equation (6) and section 5.1",
  dtypes: ["f32", "f16"],
  rounding: ({ dtype, dims }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: dims.length,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, groups, headDim, state } = problem.dims;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } =
      engine.limits;
    const tiles = fitTiles(headDim, state, CHUNK, {
      workgroupBytes,
      invocations,
      storageBytes: problem.dtype === "f16" ? 2 : 4,
      mostChannels: engine.gpu.isSoftware ? 16 : undefined,
    });
    if (!tiles)
      throw new Error(
        `state=${state} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`,
      );
    const stage = engine.stage(ssd, problem, { cutsTime: false, f32Outputs: ["finalState"] });
    const PS = engine.gpu.isSoftware || headDim <= 16 ? 16 : headDim > 32 ? 64 : 32;
    const slices = Math.ceil(headDim / PS);
    const perHeadD = problem.inputs.D?.axes.length === 1 ? 1 : 0;
    for (const window of stage.windows) {
      const { batches, tokens } = window;
      const names = ["X", "logA", "B", "C", "initialState", "dt", "D", "z"];
      const [X, logA, B, C, initialState, dt, D, z] = await Promise.all(
        names.map((name) => stage.input(name, window)),
      );
      const flags = ["dt", "D", "z", "initialState"].filter((name) => stage.has(name));
      const size = stage.uniform([
        batches,
        tokens,
        heads,
        groups,
        headDim,
        state,
        1,
        tokens,
        slices,
        perHeadD,
      ]);
      await stage.kernel(
        { url: quadraticUrl, flags, constants: { PS } },
        {
          0: size,
          1: X,
          2: logA,
          3: B,
          4: C,
          5: stage.output("Y", window),
          6: initialState,
          8: dt,
          9: D,
          10: z,
        },
        [slices * heads, Math.ceil(tokens / 32), batches],
      );
      const wanted = segmentsFor(problem, tiles, tokens, batches);
      const segmentTokens = Math.ceil(tokens / wanted / CHUNK) * CHUNK;
      const segments = Math.ceil(tokens / segmentTokens);
      const stateSlices = Math.ceil(headDim / tiles.PS);
      const places = batches * segments * heads;
      const states = stage.scratch("segment states", places * headDim * state * 4);
      const decays = stage.scratch("segment decays", places * 4);
      const stateSize = stage.uniform([
        batches,
        tokens,
        heads,
        groups,
        headDim,
        state,
        segments,
        segmentTokens,
        stateSlices,
      ]);
      await stage.kernel(
        { url: statesUrl, flags: flags.filter((flag) => flag === "dt"), constants: { ...tiles } },
        { 0: stateSize, 1: X, 2: logA, 3: B, 7: states, 8: dt, 11: decays },
        [stateSlices * heads, segments, batches],
      );
      await stage.kernel(
        { url: passUrl, flags: flags.filter((flag) => flag === "initialState") },
        { 0: stateSize, 1: states, 2: decays, 3: stage.output("finalState", window), 4: initialState },
        [Math.ceil((headDim * state) / 64), heads, batches],
      );
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const pairs = (batch * heads * length * (length + 1)) / 2;
    const slices = Math.ceil(headDim / 64);
    const storage = problem.dtype === "f16" ? 2 : 4;
    return {
      flops: 2 * pairs * (state * slices + headDim) + 2 * batch * length * heads * headDim * state,
      bytes: ssd.cost(problem).bytes + (pairs * (state + headDim) * storage) / 32,
      dispatches: 3,
    };
  },
});
