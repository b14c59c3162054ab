import { ssd } from "../../../../../impls/ssd/operator.js";
import { hostile } from "./wrapped.js";

const url = new URL("./endless.wgsl", import.meta.url);

export default hostile("loops for ever on the device", async (engine, problem) => {
  const stage = engine.stage(ssd, problem);
  for (const window of stage.windows) {
    stage.output("finalState", window);
    await stage.kernel({ url }, { Y: stage.output("Y", window) }, [1, 1, 1]);
  }
  return stage.prepared();
});
