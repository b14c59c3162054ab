/** The recurrent form on WebGPU: exact order of the recurrence, and the decoder (length 1 from initialState, many sequences). */
import { implementation } from "../implementation.js";
import { fitTokenTiles } from "../recurrence/tiles.js";
import { STEPS_AND_STATES, ssd } from "./operator.js";
import { ssdSize } from "./webgpu/size.js";
import { endTable, steppedInputs } from "./webgpu/steps.js";

const epilogueUrl = new URL("./webgpu/shared/epilogue.wgsl", import.meta.url);
const url = new URL("./webgpu/recurrent.wgsl", import.meta.url);

export const recurrentWebgpu = implementation(ssd, "webgpu", {
  form: "recurrent",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, equation (1)",
  dtypes: ["f32", "f16"],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 0,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, headDim, state } = problem.dims;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } =
      engine.limits;
    const tiles = fitTokenTiles(headDim, state, { workgroupBytes, invocations });
    if (!tiles)
      throw new Error(
        `state=${state} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`,
      );
    const stage = engine.stage(ssd, problem, { f32Outputs: ["finalState", "documentStates"] });
    const asked = problem.dims.documents ?? 0;
    const slices = Math.ceil(headDim / tiles.PT);
    for (const window of stage.windows) {
      const { isFirst } = window;
      const { initialState, ...inputs } = await steppedInputs(
        stage,
        window,
        ...(["X", "logA", "B", "C", "dt", "D", "z", "initialState"] as const),
      );
      const flags = ["dt", "D", "z"].filter((name) => stage.has(name));
      if (!isFirst) flags.push("carries");
      else if (initialState) flags.push("initialState");
      if (asked > 0) flags.push("documentStates", ...(isFirst ? ["clears"] : []));
      await stage.kernel(
        { url, shared: [epilogueUrl], flags, constants: { ...tiles } },
        {
          ...{ size: { ...ssdSize(problem, window), slices, documents: asked }, ...inputs },
          ...{ Y: stage.output("Y", window), finalState: stage.output("finalState", window) },
          initialState: isFirst ? initialState : undefined,
          ends: asked > 0 ? endTable(stage, window) : undefined,
          documentStates: asked > 0 ? stage.output("documentStates", window) : undefined,
        },
        [slices * heads, 1, window.batches],
      );
    }
    return stage.prepared();
  },

  // every slice of channels reads B and C again; the second reading mostly comes from a cache
  cost: (problem) => ({ ...ssd.cost(problem), dispatches: 1 }),
});
