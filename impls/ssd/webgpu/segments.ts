/** Steps 1 to 3 of section 6 on tiles: what each segment of time adds to the state, then the recurrence over segments. */
import type { Stage } from "../../engines/webgpu/problem/stage.js";
import type { Window } from "../../engines/webgpu/problem/windows.js";
import type { Segments } from "../../recurrence/tiles.js";
import type { Ssd } from "../operator.js";
import { ssdSize } from "./size.js";
import { steppedInputs } from "./steps.js";
import type { Tiles } from "./tiles.js";

const tokensUrl = new URL("./shared/tokens.wgsl", import.meta.url);
const chunkUrl = new URL("./shared/chunk.wgsl", import.meta.url);
const statesUrl = new URL("./chunked.states.wgsl", import.meta.url);
const passUrl = new URL("./chunked.pass.wgsl", import.meta.url);

/** Leaves the state behind the window in `finalState`. @returns the states before its segments */
export async function passSegments(
  stage: Stage<Ssd>,
  window: Window,
  tiles: Tiles,
  cut: Segments,
): Promise<GPUBuffer> {
  const { heads, headDim, state } = stage.problem.dims;
  const { batches, isFirst } = window;
  const { segments } = cut;
  const slices = Math.ceil(headDim / tiles.PS);
  const places = batches * segments * heads;
  const segmentStates = stage.scratch("segment states", places * headDim * state * 4);
  const segmentDecays = stage.scratch("segment decays", places * 4);
  const { initialState, ...inputs } = await steppedInputs(
    stage,
    window,
    "X",
    "logA",
    "B",
    "dt",
    "initialState",
  );

  // 1. and 2. what each segment adds
  await stage.kernel(
    {
      ...{ url: statesUrl, shared: [tokensUrl, chunkUrl], constants: { ...tiles } },
      flags: inputs.dt ? ["endStates", "dt"] : ["endStates"],
    },
    {
      ...{ size: { ...ssdSize(stage.problem, window), ...cut, slices }, ...inputs },
      ...{ endStates: segmentStates, endDecays: segmentDecays },
    },
    [slices * heads, segments, batches],
  );
  // 3. the recurrence over segments
  await stage.kernel(
    { url: passUrl, flags: isFirst ? (initialState ? ["initialState"] : []) : ["carries"] },
    {
      ...{ size: { heads, head_dim: headDim, state, segments }, segmentStates, segmentDecays },
      ...{ finalState: stage.output("finalState", window), initialState: isFirst ? initialState : undefined },
    },
    [Math.ceil((headDim * state) / 64), heads, batches],
  );
  return segmentStates;
}
