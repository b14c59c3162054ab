/** The scan of Mamba-1 on WebGPU: states in registers, chunked over time where channels alone cannot fill the device. */
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { fitWalk, type WalkTiles } from "../recurrence/tiles.js";
import { type SelectiveScan, selectiveScan } from "./operator.js";

const scanUrl = new URL("./webgpu/scan.wgsl", import.meta.url);
const passUrl = new URL("./webgpu/scan.pass.wgsl", import.meta.url);

export const scanWebgpu = implementation(selectiveScan, "webgpu", {
  form: "scan",
  source: "arXiv 2312.00752, section 3.3.2: one fused kernel; segments of time as in its appendix D",
  dtypes: ["f32", "f16"],
  options: () => [{ make: "walk" }, { make: "walk-split" }],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 16, // time steps are summed over the tokens staged together
    decay: "segsum",
  }),

  async prepare(engine, problem, { make }) {
    const { heads, groups, headDim, state } = problem.dims;
    const channels = heads * headDim;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } =
      engine.limits;
    const tiles = fitWalk(channels / groups, state, { workgroupBytes, invocations });
    if (!tiles)
      throw new Error(
        `state=${state} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`,
      );
    const stage = engine.stage(selectiveScan, problem, { quantum: 16, f32Outputs: ["finalState"] });
    const slices = Math.ceil(channels / groups / tiles.PT);
    const constants = { ...tiles };
    const isConstant = (name: "B" | "C") => problem.inputs[name]?.axes[0] === "heads";
    const stepFlags = [
      ...(stage.has("deltaBias") ? ["deltaBias"] : []),
      ...(problem.settings.softplus ? ["softplus"] : []),
      ...(isConstant("B") ? ["constantB"] : []),
    ];
    const outputFlags = [
      "outputs",
      isConstant("C") ? "constantC" : "perTokenC",
      ...["D", "z"].filter((name) => stage.has(name)),
    ];

    for (const window of stage.windows) {
      const { batches, tokens, isFirst, isLast } = window;
      const wanted = Math.max(make === "walk-split" ? 2 : 1, segmentsFor(problem, tiles, tokens, batches));
      const segmentTokens = Math.ceil(tokens / wanted / 16) * 16;
      const segments = Math.ceil(tokens / segmentTokens);
      const split = make === "walk-split" || segments > 1 || !(isFirst && isLast);
      const size = stage.uniform([
        batches,
        tokens,
        heads,
        groups,
        headDim,
        state,
        segments,
        segmentTokens,
        slices,
      ]);
      const names = ["u", "delta", "A", "B", "C", "deltaBias", "D", "z", "initialState"];
      const [u, delta, A, B, C, deltaBias, D, z, initialState] = await Promise.all(
        names.map((name) => stage.input(name, window)),
      );
      const finalState = stage.output("finalState", window);
      const grid: [number, number, number] = [slices * groups, segments, batches];
      let startStates = initialState;
      if (split) {
        const bytes = batches * segments * channels * state * 4;
        startStates = stage.scratch("segment states", bytes);
        const decays = stage.scratch("segment decays", bytes);
        await stage.kernel(
          { url: scanUrl, flags: [...stepFlags, "endStates", "endDecays"], constants },
          { 0: size, 1: u, 2: delta, 3: A, 4: B, 7: startStates, 8: decays, 10: deltaBias },
          grid,
        );
        const elements = channels * state;
        await stage.kernel(
          { url: passUrl, flags: isFirst ? (initialState ? ["initialState"] : []) : ["carries"] },
          {
            0: stage.uniform([elements, segments]),
            1: startStates,
            2: decays,
            3: finalState,
            4: isFirst ? initialState : undefined,
          },
          [Math.ceil(elements / 64), batches, 1],
        );
      }
      await stage.kernel(
        {
          url: scanUrl,
          flags: [
            ...stepFlags,
            ...outputFlags,
            ...(startStates ? ["startStates"] : []),
            ...(split ? [] : ["endStates"]),
          ],
          constants,
        },
        {
          0: size,
          1: u,
          2: delta,
          3: A,
          4: B,
          5: C,
          6: stage.output("Y", window),
          7: split ? undefined : finalState,
          9: startStates,
          10: deltaBias,
          11: D,
          12: z,
        },
        grid,
      );
    }
    return stage.prepared();
  },

  cost: (problem, { make }) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const tiles = fitWalk((heads * headDim) / problem.dims.groups, state, {
      workgroupBytes: 49152,
      invocations: 1024,
    });
    const split =
      make === "walk-split" || (tiles !== undefined && segmentsFor(problem, tiles, length, batch) > 1);
    const { flops, bytes } = selectiveScan.cost(problem);
    const again = batch * length * heads * headDim * (4 + (problem.dtype === "f16" ? 2 : 4));
    return { flops: flops * (split ? 2 : 1), bytes: bytes + (split ? again : 0), dispatches: split ? 3 : 1 };
  },
});

/**
 * Segments of time. Splitting doubles the exponentials, which are what binds the scan, so it pays only where a single sweep would
 * leave three quarters of a large device idle (four warps for each scheduler of 132 multiprocessors are 67,584 threads).
 */
function segmentsFor(
  problem: Problem<SelectiveScan>,
  { PT, LT }: WalkTiles,
  tokens: number,
  batches: number,
): number {
  const { heads, headDim, groups } = problem.dims;
  const threads = batches * groups * Math.ceil((heads * headDim) / groups / PT) * PT * LT;
  const idle = 67584 / threads;
  return idle < 4 ? 1 : Math.max(1, Math.min(Math.ceil(idle), Math.floor(tokens / 128)));
}
