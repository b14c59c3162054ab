/** Training in plain TypeScript, where there is no compiler. */

import { waysOf as attentionWays } from "../attention_block_grad/cpu/ways.js";
import { attentionBlockGrad } from "../attention_block_grad/operator.js";
import type { WaysOf } from "../blocks/cpu/gradients/both-ways.js";
import type { Named } from "../blocks/cpu/gradients/frame.js";
import { open } from "../engines/cpu.js";
import { waysOf as mamba1Ways } from "../mamba1_block_grad/cpu/ways.js";
import { mamba1BlockGrad } from "../mamba1_block_grad/operator.js";
import { waysAround } from "../mamba2_block_grad/cpu/ways.js";
import { mamba2BlockGrad } from "../mamba2_block_grad/operator.js";
import type { AnyOperator } from "../operator.js";
import { chunkedCpu } from "../ssd/chunked.cpu.js";
import { chunkedCpu as chunkedGradient } from "../ssd_grad/chunked.cpu.js";
import { waysOf as swigluWays } from "../swiglu_block_grad/cpu/ways.js";
import { swigluBlockGrad } from "../swiglu_block_grad/operator.js";
import { cpuHead } from "./cpu-head.js";
import { gradientLayer, trainerViews } from "./problem.js";
import type { Training } from "./training.js";

const WAYS: Readonly<Record<string, WaysOf<AnyOperator>>> = {
  [mamba2BlockGrad.name]: waysAround({ map: chunkedCpu, gradient: chunkedGradient }) as never,
  [mamba1BlockGrad.name]: mamba1Ways as never,
  [attentionBlockGrad.name]: attentionWays as never,
  [swigluBlockGrad.name]: swigluWays as never,
};

export async function openCpuTraining(): Promise<Training> {
  const engine = await open();
  return {
    engine: "cpu",
    threads: 1,
    async block(layer) {
      const { operator, problem } = gradientLayer(layer);
      const inputs = engine.inputs(operator, problem) as Named;
      const outputs = engine.outputs(operator, problem) as Named;
      const ways = await WAYS[operator.name](engine, problem, inputs, outputs);
      return { ...trainerViews(inputs, outputs), ...ways, dispose() {} };
    },
    head: async (sizes) => cpuHead(sizes),
    close() {},
  };
}
