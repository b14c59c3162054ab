import { ssd } from "../../../../../impls/ssd/operator.js";
import { hostile } from "./wrapped.js";

const url = new URL("./endless.wgsl", import.meta.url);

export default hostile("binds a uniform where storage is wanted", async (engine, problem) => {
  const stage = engine.stage(ssd, problem);
  await stage.kernel({ url }, { 0: stage.uniform([1]) }, [1, 1, 1]);
  return stage.prepared();
});
