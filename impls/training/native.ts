/** Training in C: a block's memory with both ways through it. */
import { waysOf as attentionWays } from "../attention_block_grad/native/ways.js";
import { attentionBlockGrad } from "../attention_block_grad/operator.js";
import type { Layer } from "../blocks/model.js";
import type { NativeWays } from "../blocks/native/gradients/ways.js";
import { type NativeEngine, open } from "../engines/native.js";
import { waysOf as mamba1Ways } from "../mamba1_block_grad/native/ways.js";
import { mamba1BlockGrad } from "../mamba1_block_grad/operator.js";
import { waysOf as mamba2Ways } from "../mamba2_block_grad/native/ways.js";
import { mamba2BlockGrad } from "../mamba2_block_grad/operator.js";
import { type AnyOperator, outputNames, outputSize } from "../operator.js";
import { waysOf as swigluWays } from "../swiglu_block_grad/native/ways.js";
import { swigluBlockGrad } from "../swiglu_block_grad/operator.js";
import { elementCount } from "../tensor.js";
import { nativeHead } from "./native-head.js";
import { gradientLayer, trainerViews } from "./problem.js";
import type { TrainableBlock, Training } from "./training.js";

const WAYS: Readonly<Record<string, NativeWays<AnyOperator>>> = {
  [mamba2BlockGrad.name]: mamba2Ways as never,
  [mamba1BlockGrad.name]: mamba1Ways as never,
  [attentionBlockGrad.name]: attentionWays as never,
  [swigluBlockGrad.name]: swigluWays as never,
};

/** @throws EngineAbsent without a compiler, koffi or vectors */
export async function openNativeTraining(threads?: number): Promise<Training> {
  const engine = await open();
  const wanted = threads ?? engine.threads;
  const owned: { dispose(): void }[] = [];
  return {
    engine: "native",
    threads: wanted,
    async block(layer) {
      const made = await nativeBlock(engine, layer, wanted);
      owned.push(made);
      return made;
    },
    async head(sizes) {
      const made = await nativeHead(engine, sizes, wanted);
      owned.push(made);
      return made;
    },
    close() {
      for (const one of owned) one.dispose();
      engine.close();
    },
  };
}

async function nativeBlock(engine: NativeEngine, layer: Layer, threads: number): Promise<TrainableBlock> {
  const { operator, problem } = gradientLayer(layer);
  const room = engine.room(operator, problem);
  const { forward, backward } = WAYS[operator.name](engine, room, threads);
  const { runs, dispose } = await engine.sections(room, [forward, backward]);
  const inputs = Object.entries(problem.inputs).map(([name, source]) => [
    name,
    source && room.view(room.address[name], elementCount(source.shape)),
  ]);
  const outputs = outputNames(operator, problem).map((name) => [
    name,
    room.view(room.address[name], outputSize(operator, problem, name)),
  ]);
  const views = trainerViews(Object.fromEntries(inputs), Object.fromEntries(outputs));
  return { ...views, forward: runs[0], backward: runs[1], dispose };
}
