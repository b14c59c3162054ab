// times mutated kernels: node --import tsx kx.ts variants.json ; a variant is { name, T, N, heads, states?: [[from, to]...], output?, pass?, constants? }
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { open } from "./impls/engines/webgpu.js";
import { implementations, operators } from "./impls/index.js";
import { randomProblem } from "./impls/operator.js";
const engine: any = await open(process.env.NULL ? "null" : undefined, { named: !!process.env.NAMED, ...(process.env.NULL ? {} : { robust: false }) } as any);
if (process.env.SHAPE) { const [M, N, K] = process.env.SHAPE.split("x").map(Number); engine.gpu.matrixShapes.sort((a: any, b: any) => +(b.M === M && b.N === N && b.K === K) - +(a.M === M && a.N === N && a.K === K)); }
const gpu = engine.gpu; const pipeline = gpu.pipeline.bind(gpu);
let variant: any = {}; let n = 0;
mkdirSync("/tmp/kx", { recursive: true });
gpu.pipeline = (source: any) => {
  const file = source.url.pathname.split("/").pop(); const kind = file.split(".").at(-2);
  const edits = file.startsWith("chunked.webgpu.matrix") ? variant[kind] : undefined;
  if (!edits) return pipeline(source);
  let text = readFileSync(source.url, "utf8");
  for (const [from, to] of edits) { const re = new RegExp(from, "g"); if (!re.test(text)) throw new Error(`${variant.name}: no ${from}`); text = text.replace(re, to); }
  const path = `/tmp/kx/${n++}.${file}`; writeFileSync(path, text);
  return pipeline({ ...source, url: pathToFileURL(path) });
};
const operator: any = operators.find((o) => o.name === "ssd");
const impl: any = implementations.find((i) => i.operator.name === "ssd" && i.form === "chunked" && i.engine === "webgpu");
for (variant of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  try {
    const dims = { batch: variant.batch ?? 1, length: variant.T ?? 4096, heads: variant.heads ?? 16, groups: 1, headDim: 64, state: variant.N ?? 64 };
    const problem: any = randomProblem(operator, { dims, dtype: "f16", seed: 1, with: ["dt"] } as any);
    const prepared = await impl.prepare(engine, problem, { make: "subgroup-matrix", chunk: variant.chunk ?? 64 });
    const kernels: any[] = []; await prepared.run({ dispatch: (k: any) => kernels.push(k) });
    const med = async (run: any, runs: number, samples: number) => { const ns: number[] = []; for (let i = 0; i < samples + 1; i++) ns.push((await engine.time(run, 1)).deviceNs / runs); ns.shift(); ns.sort((a, b) => a - b); return (ns[samples >> 1] / 1e3).toFixed(1); };
    const each: string[] = [];
    const most = variant.each ?? 3;
    for (const k of kernels.slice(0, most)) each.push(await med((lane: any) => { for (let i = 0; i < 20; i++) lane.dispatch(k); }, 20, 5));
    const whole = await med(prepared.run, 1, variant.samples ?? 9);
    console.log(`${variant.name.padEnd(28)} T=${dims.length} N=${dims.state} h=${dims.heads} b=${dims.batch} of ${kernels.length}: each in 20s ${each.join(" ")} us; whole ${whole} us`);
    await prepared.dispose();
  } catch (e) { console.log(variant.name, "FAILED", (e as Error).message.slice(0, 600)); }
}
engine.close(); process.exit(0);
