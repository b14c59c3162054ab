/** The chunked form (SSD, section 6) on WebGPU. Byte counts, occupancy and predictions: engines/webgpu/README.md. */
import { implementation, type Options } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type Ssd, ssd } from "./operator.js";
import { fitTiles, segmentsFor } from "./webgpu.js";

const statesUrl = new URL("./chunked.webgpu.states.wgsl", import.meta.url);
const passUrl = new URL("./chunked.webgpu.pass.wgsl", import.meta.url);
const outputUrl = new URL("./chunked.webgpu.output.wgsl", import.meta.url);

export const chunkedWebgpu = implementation(ssd, "webgpu", {
  form: "chunked",
  source: "arXiv 2405.21060 section 6, listing 1; one pass over memory, or segment states first when workgroups are few",
  dtypes: ["f32", "f16"],
  options: () => [
    { chunk: 32, make: "tile" },
    { chunk: 16, make: "tile" },
    { chunk: 32, make: "tile-split" },
  ],
  // WGSL rounds either way; everything but the storage of Y is f32
  rounding: ({ dtype }, { chunk = 32 }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: chunk,
    decay: "segsum",
  }),
  unsupported: (_problem, { chunk = 32 }) => ([16, 32, 64].includes(chunk) ? undefined : `needs chunk 16, 32 or 64, got ${chunk}`),

  async prepare(engine, problem, { chunk = 32, make }) {
    const { heads, groups, headDim, state, length } = problem.dims;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } = engine.limits;
    const tiles = fitTiles(headDim, state, chunk, { workgroupBytes, invocations, storageBytes: problem.dtype === "f16" ? 2 : 4 });
    if (!tiles) throw new Error(`state=${state} with chunk=${chunk} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`);
    const stage = engine.stage(ssd, problem, { quantum: chunk, f32Outputs: ["finalState"] });
    const slices = Math.ceil(headDim / tiles.PS);
    const flags = ["dt", "D", "z"].filter((name) => stage.has(name));
    const constants = { ...tiles };

    for (const window of stage.windows) {
      const { batches, tokens, isFirst } = window;
      const input = (name: string) => stage.input(name, window);
      const whole = window.isFirst && window.isLast;
      const fewest = make === "tile-split" ? 2 : 1;
      const segments = Math.max(fewest, Math.min(segmentsFor(problem, tiles, tokens, batches), 65535));
      const chunks = Math.ceil(tokens / chunk);
      const segmentTokens = Math.ceil(chunks / segments) * chunk;
      const used = Math.ceil(tokens / segmentTokens);
      const split = make === "tile-split" || used > 1 || !whole;
      const perHeadD = problem.inputs.D?.axes.length === 1 ? 1 : 0;
      const size = stage.uniform([batches, tokens, heads, groups, headDim, state, used, segmentTokens, slices, perHeadD]);
      const [X, logA, B, C, dt, D, z, initialState] = await Promise.all(["X", "logA", "B", "C", "dt", "D", "z", "initialState"].map(input));
      const Y = stage.output("Y", window);
      const finalState = stage.output("finalState", window);
      const grid: [number, number, number] = [slices * heads, used, batches];
      let startStates = initialState;

      if (split) {
        const places = batches * used * heads;
        startStates = stage.scratch("segment states", places * headDim * state * 4);
        const decays = stage.scratch("segment decays", places * 4);
        await stage.kernel({ url: statesUrl, flags, constants }, { 0: size, 1: X, 2: logA, 3: B, 4: startStates, 5: decays, 6: dt }, grid);
        const passFlags = isFirst ? (initialState ? ["initialState"] : []) : ["carries"];
        await stage.kernel(
          { url: passUrl, flags: passFlags },
          { 0: size, 1: startStates, 2: decays, 3: finalState, 4: isFirst ? initialState : undefined },
          [Math.ceil((headDim * state) / 64), heads, batches],
        );
      }
      const outputFlags = [...flags, ...(startStates ? ["startStates"] : []), ...(split ? [] : ["finalState"])];
      await stage.kernel(
        { url: outputUrl, flags: outputFlags, constants },
        { 0: size, 1: X, 2: logA, 3: B, 4: C, 5: Y, 6: startStates, 7: split ? undefined : finalState, 8: dt, 9: D, 10: z },
        grid,
      );
    }
    return stage.prepared();
  },

  cost: (problem, options) => chunkedCost(problem, options),
});

/** One pass reads and writes each tensor once; the split form reads X, B and the decays twice and moves the segment states. */
function chunkedCost(problem: Problem<Ssd>, { chunk = 32, make }: Options) {
  const { batch, length, heads, headDim, state } = problem.dims;
  const least = ssd.cost(problem);
  const tiles = fitTiles(headDim, state, chunk, { workgroupBytes: 49152, invocations: 1024, storageBytes: problem.dtype === "f16" ? 2 : 4 });
  const split = make === "tile-split" || (tiles !== undefined && segmentsFor(problem, tiles, length, batch) > 1);
  const slices = tiles ? Math.ceil(headDim / tiles.PS) : 1;
  const tokenHeads = batch * length * heads;
  const scores = 2 * chunk * state * slices; // every slice of channels makes the scores again
  const flops = tokenHeads * (scores + 2 * chunk * headDim + 4 * headDim * state + (split ? 2 * headDim * state : 0));
  const segments = split && tiles ? Math.max(2, segmentsFor(problem, tiles, length, batch)) : 0;
  const again = split ? tokenHeads * headDim * (problem.dtype === "f16" ? 2 : 4) + segments * batch * heads * headDim * state * 16 : 0;
  return { flops, bytes: least.bytes + again, dispatches: split ? 3 : 1 };
}
