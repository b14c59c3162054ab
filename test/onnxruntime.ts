/** The onnxruntime engine for tests, or the printed reason why they are skipped: its package is an optional peer of 291 MB. */
import { EngineAbsent } from "../impls/engines/engine.js";
import { type OnnxruntimeEngine, open } from "../impls/engines/onnxruntime.js";

export async function onnxruntimeOrReason(): Promise<OnnxruntimeEngine | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof EngineAbsent)) throw error;
    console.log(`tests of the onnxruntime engine are skipped: ${error.message}`);
    return undefined;
  }
}
