/** The sweeps of the scan over one window: with outputs, or first without them where segments start from states that are not known. */
import type { Stage } from "../../engines/webgpu/problem/stage.js";
import type { Window } from "../../engines/webgpu/problem/windows.js";
import type { Problem } from "../../operator.js";
import { keptTable } from "../../recurrence/kept.js";
import type { Segments, TokenTiles } from "../../recurrence/tiles.js";
import type { SelectiveScan } from "../operator.js";

const scanUrl = new URL("./scan.wgsl", import.meta.url);
const softplusUrl = new URL("../../recurrence/softplus.wgsl", import.meta.url);
const passUrl = new URL("./scan.pass.wgsl", import.meta.url);

/** One window of the problem, cut into segments. */
interface Work {
  readonly stage: Stage<SelectiveScan>;
  readonly window: Window;
  readonly tiles: TokenTiles;
  readonly cut: Segments;
}

/** The first sweep: what each segment adds, then the recurrence over segments. @returns the states before the segments */
export async function passSegments(work: Work): Promise<GPUBuffer> {
  const { stage, window, cut } = work;
  const { batches, isFirst } = window;
  const { heads, headDim, state } = stage.problem.dims;
  const elements = heads * headDim * state;
  const bytes = batches * cut.segments * elements * 4;
  const segmentStates = stage.scratch("segment states", bytes);
  const segmentDecays = stage.scratch("segment decays", bytes);
  await addSweep(work, ["endStates", "endDecays"], { endStates: segmentStates, endDecays: segmentDecays });

  const initialState = isFirst ? await stage.input("initialState", window) : undefined;
  await stage.kernel(
    { url: passUrl, flags: isFirst ? (initialState ? ["initialState"] : []) : ["carries"] },
    {
      ...{ size: { elements, segments: cut.segments }, segmentStates, segmentDecays },
      ...{ finalState: stage.output("finalState", window), initialState },
    },
    [Math.ceil(elements / 64), batches, 1],
  );
  return segmentStates;
}

/** The sweep that writes Y, and the state behind each segment where there is a place for it. */
export async function addOutputs(
  work: Work,
  startStates: GPUBuffer | undefined,
  endStates: GPUBuffer | undefined,
): Promise<void> {
  const { stage, window } = work;
  const { C, D, z } = await stage.inputs(window, "C", "D", "z");
  const flags = [
    ...["outputs", isConstant(stage.problem, "C") ? "constantC" : "perTokenC"],
    ...["D", "z"].filter((name) => stage.has(name)),
    ...(startStates ? ["startStates"] : []),
    ...(endStates ? ["endStates"] : []),
  ];
  await addSweep(work, flags, { C, Y: stage.output("Y", window), D, z, startStates, endStates });
}

/** A workgroup a slice of channels and segment, over all tokens of the segment. */
async function addSweep(
  { stage, window, tiles, cut }: Work,
  flags: readonly string[],
  buffers: Readonly<Record<string, GPUBuffer | undefined>>,
): Promise<void> {
  const { problem } = stage;
  const { batches, tokens } = window;
  const { heads, groups, headDim, state } = problem.dims;
  const slices = Math.ceil((heads * headDim) / groups / tiles.PT);
  const inputs = await stage.inputs(window, "u", "delta", "A", "B", "deltaBias");
  const kept = keptTable(stage, window);
  const stepFlags = [
    ...(kept ? ["documents"] : []),
    ...(inputs.deltaBias ? ["deltaBias"] : []),
    ...(problem.settings.softplus ? ["softplus"] : []),
    ...(isConstant(problem, "B") ? ["constantB"] : []),
  ];
  await stage.kernel(
    { url: scanUrl, shared: [softplusUrl], flags: [...stepFlags, ...flags], constants: { ...tiles } },
    {
      size: { batches, tokens, heads, groups, head_dim: headDim, state, ...cut, slices },
      ...{ ...inputs, ...buffers, kept },
    },
    [slices * groups, cut.segments, batches],
  );
}

function isConstant({ inputs }: Problem<SelectiveScan>, name: "B" | "C"): boolean {
  return inputs[name]?.axes[0] === "heads";
}
