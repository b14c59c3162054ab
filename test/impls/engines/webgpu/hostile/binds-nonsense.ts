import { ssd } from "../../../../../impls/ssd/operator.js";
import { hostile } from "./wrapped.js";

const url = new URL("./endless.wgsl", import.meta.url);

export default hostile("binds a uniform where storage is wanted", async (engine, problem) => {
  const stage = engine.stage(ssd, problem);
  const uniform = engine.gpu.buffer(16, GPUBufferUsage.UNIFORM);
  try {
    await stage.kernel({ url }, { Y: uniform }, [1, 1, 1]);
    return await stage.prepared();
  } finally {
    engine.gpu.free(uniform);
  }
});
