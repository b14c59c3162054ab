import { ssd } from "../../../../../impls/ssd/operator.js";
import { hostile } from "./wrapped.js";

export default hostile("wants more memory than there is", async (engine, problem) => {
  const stage = engine.stage(ssd, problem);
  for (let i = 0; i < 64; i++) stage.scratch("a scratch buffer", engine.gpu.maxBindingBytes);
  return stage.prepared();
});
