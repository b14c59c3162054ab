/** What the WebGPU kernels read in place of logA and dt where a problem has more to it than those. */
import { documentsOfSource } from "../../documents.js";
import type { Stage } from "../../engines/webgpu/problem/stage.js";
import type { Window } from "../../engines/webgpu/problem/windows.js";
import { keptTable } from "../../recurrence/kept.js";
import { needsSteps, type Ssd } from "../operator.js";

const stepsUrl = new URL("./steps.wgsl", import.meta.url);
const softplusUrl = new URL("../../recurrence/softplus.wgsl", import.meta.url);

interface Made {
  readonly logA?: GPUBuffer;
  readonly dt?: GPUBuffer;
}

/** Made once a window, however many kernels of a run read them. */
const known = new WeakMap<Stage<Ssd>, Map<number, Promise<Made>>>();

/** Inputs of a window by name, logA and dt as every kernel takes them: one number a token and head, documents begun by a decay of 0. */
export async function steppedInputs<Name extends string>(
  stage: Stage<Ssd>,
  window: Window,
  ...names: readonly Name[]
): Promise<Record<Name, GPUBuffer | undefined>> {
  const windows = known.get(stage) ?? new Map<number, Promise<Made>>();
  known.set(stage, windows);
  const making = windows.get(window.index) ?? make(stage, window);
  windows.set(window.index, making);
  const made: Readonly<Record<string, GPUBuffer | undefined>> = { ...(await making) };
  const found = await Promise.all(
    names.map(async (name) => [name, made[name] ?? (await stage.input(name, window))]),
  );
  return Object.fromEntries(found) as Record<Name, GPUBuffer | undefined>;
}

/** Of each token of a window which document of its row ends with it, counted from 1; 0 where none does. */
export function endTable(stage: Stage<Ssd>, { batch0, batches, token0, tokens }: Window): GPUBuffer {
  const rows = documentsOfSource(stage.problem.inputs.documents!).slice(batch0, batch0 + batches);
  const ends = new Uint32Array(batches * tokens);
  for (const [b, row] of rows.entries())
    for (const [k, { end }] of row.entries())
      if (end > token0 && end <= token0 + tokens) ends[b * tokens + end - 1 - token0] = k + 1;
  return stage.upload(ends);
}

async function make(stage: Stage<Ssd>, window: Window): Promise<Made> {
  const { dims, inputs, settings } = stage.problem;
  if (!needsSteps(stage.problem)) return {};
  const perHead = inputs.logA?.axes.length === 1;
  const { softplus, dtMin, dtMax } = settings;
  const limits = dtMin > 0 || dtMax > 0;
  const total = window.batches * window.tokens * dims.heads;
  const made: Made = {
    ...(inputs.dt && (inputs.dtBias || softplus || limits) ? { dt: stage.scratch("steps", total * 4) } : {}),
    ...(perHead || inputs.documents ? { logA: stage.scratch("log decays", total * 4) } : {}),
  };
  const usesDt = made.dt !== undefined || perHead;
  const flags = {
    ...{
      dt: usesDt,
      dtBias: usesDt && inputs.dtBias,
      softplus: usesDt && softplus,
      limits: usesDt && limits,
    },
    ...{ perHead, documents: inputs.documents, makesDt: made.dt, makesLogA: made.logA },
  };
  const { logA, dt, dtBias } = await stage.inputs(window, "logA", "dt", "dtBias");
  await stage.kernel(
    {
      url: stepsUrl,
      shared: [softplusUrl],
      flags: Object.entries(flags).flatMap(([name, is]) => (is ? [name] : [])),
      dtype: "f32",
    },
    {
      size: { total, heads: dims.heads, dt_min: dtMin, dt_max: dtMax || 3e38 },
      ...{ logA: made.logA && logA, dt: usesDt ? dt : undefined, dtBias: usesDt ? dtBias : undefined },
      ...{ kept: keptTable(stage, window), dtMade: made.dt, logAMade: made.logA },
    },
    [Math.min(65535, Math.ceil(total / 64)), 1, 1],
  );
  return made;
}
