/** The package of onnxruntime is an optional peer of 291 MB. */
import { type OnnxruntimeEngine, open } from "../impls/engines/onnxruntime.js";
import { orReason } from "./or-reason.js";

export const onnxruntimeOrReason = (): Promise<OnnxruntimeEngine | undefined> =>
  orReason("onnxruntime", open);
