/** A Mamba-1 block around the fused scan: the kernels of its parts, one stage after another. */
import { takeColumns } from "../blocks/cpu/columns.js";
import { hostFront } from "../blocks/cpu/front.js";
import { multiply } from "../blocks/cpu/product.js";
import { stageOf, stageProblem } from "../blocks/cpu/stage.js";
import { directCpu } from "../causal_conv1d/direct.cpu.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { selectiveScan } from "../selective_scan/operator.js";
import { recurrentCpu as map } from "../selective_scan/recurrent.cpu.js";
import { type Mamba1Block, mamba1Block } from "./operator.js";

const NOTHING = new Float32Array(0);

/** One channel a head, all in one group. */
function mapDims({ dims: { batch, length, inner, state } }: Problem<Mamba1Block>) {
  return { batch, length, heads: inner, groups: 1, headDim: 1, state };
}

export const recurrentCpu = implementation(mamba1Block, "cpu", {
  form: "recurrent",
  source: `arXiv 2312.00752, section 3.4 and figure 3 (Mamba.forward of state-spaces/mamba), around ${map.source}`,
  rounding: (problem, chosen) => {
    const inputs = { D: NOTHING, z: NOTHING };
    return map.rounding(stageProblem(selectiveScan, { dims: mapDims(problem), inputs }), chosen);
  },
  async prepare(engine, problem) {
    const { batch, length, inner, state, width, past, rank, projected, selected, modelDim } = problem.dims;
    const inputs = engine.inputs(mamba1Block, problem);
    const outputs = engine.outputs(mamba1Block, problem);
    const tokens = batch * length;
    const rowsOf = (numbers: number) => new Float32Array(tokens * numbers);
    const front = await hostFront(engine, problem.dims, inputs.u, inputs.preNorm, problem.settings.eps);

    const row = rowsOf(projected);
    const [raw, u, z] = [rowsOf(inner), rowsOf(inner), rowsOf(inner)];
    const convolve = await stageOf(engine, directCpu, {
      dims: { batch, length, heads: 1, headDim: inner, width, past },
      inputs: {
        ...{ X: raw, weight: inputs.convWeight, bias: inputs.convBias },
        initialState: inputs.initialConv,
      },
      outputs: { Y: u, finalState: outputs.finalConv },
    });
    const chosen = rowsOf(selected);
    const [low, delta] = [rowsOf(rank), rowsOf(inner)];
    const [B, C] = [rowsOf(state), rowsOf(state)];
    const A = new Float32Array(inner * state);
    const y = rowsOf(inner);
    const scan = await stageOf(engine, map, {
      dims: mapDims(problem),
      settings: { softplus: true },
      inputs: {
        ...{ u, delta, A, B, C, z, D: inputs.D, deltaBias: inputs.dtBias },
        initialState: inputs.initialState,
      },
      outputs: { Y: y, finalState: outputs.finalState },
    });

    return engine.prepared(mamba1Block, problem, outputs, () => {
      // 1. project
      front.run();
      multiply({ W: inputs.inProj, columns: modelDim, bias: inputs.inBias }, front.v, row);
      takeColumns(row, { start: inner, width: inner, stride: projected }, z);
      // 2. convolve
      takeColumns(row, { start: 0, width: inner, stride: projected }, raw);
      convolve();
      // 3. select
      multiply({ W: inputs.xProj, columns: inner }, u, chosen);
      takeColumns(chosen, { start: 0, width: rank, stride: selected }, low);
      multiply({ W: inputs.dtProj, columns: rank }, low, delta);
      takeColumns(chosen, { start: rank, width: state, stride: selected }, B);
      takeColumns(chosen, { start: rank + state, width: state, stride: selected }, C);
      // 4. map, with its gate
      for (let i = 0; i < A.length; i++) A[i] = -Math.exp(inputs.ALog[i]);
      scan();
      // 6. project
      const { residual } = front;
      multiply({ W: inputs.outProj, columns: inner, bias: inputs.outBias, residual }, y, outputs.Y);
    });
  },
});
