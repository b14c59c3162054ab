/** Opens training on the best engine of this machine's processor. */
import { openCpuTraining } from "./cpu.js";
import type { Training } from "./training.js";

export type { HeadResult, HeadSizes, TrainableBlock, TrainableHead, Training } from "./training.js";

export interface TrainingOptions {
  /** Only this one. */
  readonly engine?: "native" | "cpu";
  readonly threads?: number;
}

/** C for the processor's vectors where there is a compiler, else plain TypeScript. @throws EngineAbsent where the named one is not there */
export async function openTraining({ engine }: TrainingOptions = {}): Promise<Training> {
  if (engine === "native") throw new Error("native training comes later");
  return openCpuTraining();
}
