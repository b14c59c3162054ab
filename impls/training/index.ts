/** Opens training on the best engine of this machine's processor. */
import { EngineAbsent } from "../engines/engine.js";
import { openCpuTraining } from "./cpu.js";
import { openNativeTraining } from "./native.js";
import type { Training } from "./training.js";

export type { HeadResult, HeadSizes, TrainableBlock, TrainableHead, Training } from "./training.js";

export interface TrainingOptions {
  /** Only this one. */
  readonly engine?: "native" | "cpu";
  /** Of the native engine; by default as many as the machine runs at once. */
  readonly threads?: number;
}

/** C for the processor's vectors where there is a compiler, else plain TypeScript. @throws EngineAbsent where the named one is not there */
export async function openTraining({ engine, threads }: TrainingOptions = {}): Promise<Training> {
  if (engine === "cpu") return openCpuTraining();
  try {
    return await openNativeTraining(threads);
  } catch (error) {
    if (engine === "native" || !(error instanceof EngineAbsent)) throw error;
    return openCpuTraining();
  }
}
