/** The block in WebAssembly: the parts' own kernels after each other in one memory, and products of matrices. */
import { stageProblem } from "../blocks/cpu/stage.js";
import { behind, WasmStages } from "../blocks/wasm/stages.js";
import { f32Rounding } from "../bound.js";
import { directWasm } from "../causal_conv1d/direct.wasm.js";
import { causalConv1d } from "../causal_conv1d/operator.js";
import { implementation } from "../implementation.js";
import { recurrentWasm as map } from "../selective_scan/recurrent.wasm.js";
import { scanProblem } from "./cpu/scan-problem.js";
import { mamba1Block } from "./operator.js";

export const recurrentWasm = implementation(mamba1Block, "wasm", {
  form: "recurrent",
  source: `arXiv 2312.00752, section 3.4 and figure 3, around ${map.source}`,
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(mamba1Block, problem);
    const stages = new WasmStages(engine, room, threads);
    const { address } = room;
    const { batch, length, inner, state, rank, width, past } = problem.dims;
    // 1. project
    const v = await stages.front();
    const rows = stages.project(v, 0, inner);
    const z = stages.project(v, inner, inner);
    // 2. convolve
    const u = stages.perToken(inner);
    const convolution = stageProblem(causalConv1d, {
      dims: { batch, length, heads: 1, headDim: inner, width, past },
      settings: { silu: true },
      inputs: {},
    });
    await stages.part(directWasm, convolution, {
      ...{ X: rows, weight: address.convWeight, bias: address.convBias, initialState: address.initialConv },
      ...{ Y: u, finalState: address.finalConv },
    });
    // 3. select
    const select = (first: number, columns: number) => {
      const to = stages.perToken(columns);
      stages.product({ from: u, weights: behind(address.xProj, first * inner), to, columns, terms: inner });
      return to;
    };
    const [steps, B, C] = [select(0, rank), select(rank, state), select(rank + state, state)];
    const delta = stages.perToken(inner);
    stages.product({ from: steps, weights: address.dtProj, to: delta, columns: inner, terms: rank });
    // 4. map, with the gate
    const A = room.reserve(4 * inner * state);
    stages.map({ from: address.ALog, to: A, rows: inner, columns: state, function: "minusExp" });
    const Y = stages.perToken(inner);
    await stages.part(map, scanProblem(problem), {
      ...{ u, delta, A, B, C, D: address.D, z, deltaBias: address.dtBias, Y },
      ...{ initialState: address.initialState, finalState: address.finalState },
    });
    // 6. project
    stages.finish([{ from: Y, terms: inner }]);
    return engine.prepared(room, stages.plans);
  },
});
