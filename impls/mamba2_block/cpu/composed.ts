/** A Mamba-2 block on the cpu engine around any form of its sequence map: the kernels of its parts, one stage after another. */

import { putColumns, silu, spreadColumns, takeColumns } from "../../blocks/cpu/columns.js";
import { hostFront } from "../../blocks/cpu/front.js";
import { multiply } from "../../blocks/cpu/product.js";
import { stageOf } from "../../blocks/cpu/stage.js";
import { directCpu } from "../../causal_conv1d/direct.cpu.js";
import type { CpuEngine } from "../../engines/cpu.js";
import { type Implementation, implementation } from "../../implementation.js";
import type { Problem } from "../../operator.js";
import type { Options } from "../../prepared.js";
import { fusedCpu } from "../../rms_norm_gated/fused.cpu.js";
import type { Ssd } from "../../ssd/operator.js";
import { type Mamba2Block, mamba2Block, partsOf } from "../operator.js";
import { hostFeature } from "./features.js";
import { mapProblem } from "./map-problem.js";

/** @param map a form of ssd that takes steps and documents */
export function composed(map: Implementation<Ssd, "cpu">): Implementation<Mamba2Block, "cpu"> {
  const { form, options } = map;
  return implementation(mamba2Block, "cpu", {
    form,
    source: `arXiv 2405.21060, section 7 and figure 6 (Mamba2.forward of state-spaces/mamba), around ${map.source}`,
    takes: ["documents", "sequential projections", "head patterns", "feature maps"],
    ...(options && { options: (problem, engine) => options(mapProblem(problem), engine) }),
    rounding: (problem, chosen) => map.rounding(mapProblem(problem), chosen),
    prepare: (engine, problem, chosen) => prepare(map, engine, problem, chosen),
  });
}

async function prepare(
  map: Implementation<Ssd, "cpu">,
  engine: CpuEngine,
  problem: Problem<Mamba2Block>,
  chosen: Options,
) {
  const { batch, length, modelDim, inner, heads, groups, headDim, state } = problem.dims;
  const { width, past, channels, projected, selected } = problem.dims;
  const { settings } = problem;
  const inputs = engine.inputs(mamba2Block, problem);
  const outputs = engine.outputs(mamba2Block, problem);
  const { xProj, normWeight, documents, ALog, dtBias, D } = inputs;
  const parts = partsOf(problem.dims, settings);
  const tokens = batch * length;
  const rowsOf = (numbers: number) => new Float32Array(tokens * numbers);
  const front = await hostFront(engine, problem.dims, inputs.u, inputs.preNorm, settings.eps);

  const row = rowsOf(projected);
  const column = (start: number, size: number) => ({ start, width: size, stride: projected });
  const { mlp } = parts;
  const raw = rowsOf(channels);
  const convolved = rowsOf(channels);
  const convolve = await stageOf(engine, directCpu, {
    dims: { batch, length, heads: 1, headDim: channels, width, past },
    settings: { silu: false },
    inputs: {
      ...{ X: raw, weight: inputs.convWeight, bias: inputs.convBias, documents },
      initialState: inputs.initialConv,
    },
    outputs: { Y: convolved, finalState: outputs.finalConv },
  });
  const chosenRows = xProj && rowsOf(selected);
  const x = rowsOf(parts.x);
  const asked = mapProblem(problem);
  const { groups: mapGroups } = asked.dims;
  const [X, B, C] = [rowsOf(parts.z), ...[0, 0].map(() => rowsOf(mapGroups * state))];
  const [dt, z, Y] = [rowsOf(heads), rowsOf(parts.z), rowsOf(parts.z)];
  const A = new Float32Array(heads);
  const shared = problem.inputs.initialState?.axes[0] === "heads";
  const initialState = shared ? new Float32Array(outputs.finalState.length) : inputs.initialState;
  const mapped = await stageOf(
    engine,
    map,
    {
      ...{ dims: asked.dims, settings: asked.settings },
      layouts: { logA: ["heads"], D: problem.inputs.D!.axes },
      inputs: { X, logA: A, B, C, dt, dtBias, D, initialState, documents },
      outputs: { Y, finalState: outputs.finalState },
    },
    chosen,
  );
  const gated = rowsOf(parts.z);
  const normed =
    normWeight &&
    (await stageOf(engine, fusedCpu, {
      dims: { batch, length, heads, groups: settings.normGroups || groups, headDim },
      settings: { normBeforeGate: settings.normBeforeGate, eps: settings.eps },
      inputs: { X: Y, weight: normWeight, z },
      outputs: { Y: gated },
    }));
  const rows = rowsOf(inner);
  const feature = hostFeature(settings, state);

  return engine.prepared(mamba2Block, problem, outputs, () => {
    // 1. project
    front.run();
    multiply({ W: inputs.inProj, columns: modelDim, bias: inputs.inBias }, front.v, row);
    takeColumns(row, column(2 * mlp, parts.z), z);
    // 2. convolve
    takeColumns(row, column(2 * mlp + parts.z, channels), raw);
    convolve();
    // 3. select
    takeColumns(convolved, { start: 0, width: parts.x, stride: channels }, x);
    for (let i = 0; i < x.length; i++) x[i] = silu(x[i]);
    if (xProj && chosenRows) multiply({ W: xProj, columns: channels }, x, chosenRows);
    const [from, stride, first] = chosenRows ? [chosenRows, selected, 0] : [convolved, channels, parts.x];
    const steps = chosenRows ?? row;
    takeColumns(
      steps,
      { start: steps.length / tokens - heads, width: heads, stride: steps.length / tokens },
      dt,
    );
    // 4. map
    spreadColumns(x, { start: 0, width: parts.x, stride: parts.x }, headDim, heads, X);
    spreadColumns(from, { start: first, width: parts.B, stride }, state, mapGroups, B);
    spreadColumns(from, { start: first + parts.B, width: parts.C, stride }, state, mapGroups, C);
    for (const values of [B, C]) feature(values);
    for (let h = 0; h < heads; h++) A[h] = -Math.exp(ALog[h]);
    if (shared)
      for (let b = 0; b < batch; b++) initialState!.set(inputs.initialState!, b * heads * headDim * state);
    mapped();
    // 5. gate and norm, the MLP in front
    if (normed) normed();
    else for (let i = 0; i < Y.length; i++) gated[i] = Y[i] * silu(z[i]);
    for (let t = 0; t < tokens; t++)
      for (let i = 0; i < mlp; i++)
        rows[t * inner + i] = silu(row[t * projected + i]) * row[t * projected + mlp + i];
    putColumns(gated, { start: mlp, width: parts.z, stride: inner }, rows);
    // 6. project
    const { residual } = front;
    multiply({ W: inputs.outProj, columns: inner, bias: inputs.outBias, residual }, rows, outputs.Y);
  });
}
