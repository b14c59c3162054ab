/** The torch engine for tests, or the printed reason why they are skipped: Python and torch are optional. */
import { EngineAbsent } from "../impls/engines/engine.js";
import { open, type TorchEngine } from "../impls/engines/torch.js";

export async function torchOrReason(): Promise<TorchEngine | undefined> {
  try {
    return await open("cpu");
  } catch (error) {
    if (!(error instanceof EngineAbsent)) throw error;
    console.log(`tests of the torch engine are skipped: ${error.message}`);
    return undefined;
  }
}
