// compares makes with the first: node --import tsx ck.ts ROBUST
import { open } from "./impls/engines/webgpu.js";
import { implementations, operators } from "./impls/index.js";
import { randomProblem } from "./impls/operator.js";
const robust = process.argv[2] !== "0";
const engine: any = await open(undefined, { named: !!process.env.NAMED, ...(robust ? {} : { robust: false }) } as any);
async function check(op: string, form: string, a: any, b: any, all: any, more: any = {}) {
  const operator: any = operators.find((o) => o.name === op);
  const impl: any = implementations.find((i) => i.operator.name === op && i.form === form && i.engine === "webgpu");
  const dims = Object.fromEntries(operator.dims.map((d: string) => [d, all[d]]));
  const problem: any = randomProblem(operator, { dims, dtype: "f16", seed: 3, ...more });
  const outs: any[] = [];
  try {
    for (const options of [a, b, b]) {
      const prepared = await impl.prepare(engine, problem, options);
      await prepared.poison();
      await engine.once(prepared.run);
      const out = await prepared.read();
      outs.push(Object.fromEntries(Object.entries(out).map(([k, v]: any) => [k, Float32Array.from(v.data ?? v)])));
      await prepared.dispose();
    }
    const words = Object.keys(outs[0]).map((k) => {
      let worst = 0, at = -1, most = 0, again = 0;
      outs[0][k].forEach((v: number, i: number) => { const d = Math.abs(v - outs[1][k][i]); most = Math.max(most, Math.abs(v)); if (!(d <= worst)) { worst = d; at = i; } if (!Object.is(outs[1][k][i], outs[2][k][i])) again++; });
      return `${k} max|diff| ${worst.toExponential(2)} of ${most.toFixed(3)} at ${at}${again ? ` NOT REPEATED ${again}` : ""}`;
    });
    console.log(`robust=${robust} ${op} ${JSON.stringify(all)} ${more.with ?? ""}: ${words.join("; ")}`);
  } catch (e) { console.log(op, JSON.stringify(all), "FAILED", (e as Error).message.slice(0, 200)); }
}
if (process.env.ATT) for (const [T, d] of [[1, 1], [128, 64], [8, 62], [257, 40]]) await check("attention", "tiled", { make: "tile" }, { make: "subgroup-matrix" }, { batch: 1, length: T, context: T, heads: 2, groups: 1, headDim: d, headDimV: d });
for (const [T, P, N, w] of [[1, 64, 16, []], [64, 64, 64, []], [63, 40, 100, []], [257, 64, 64, ["dt"]], [1000, 64, 256, ["dt", "D", "z", "initialState"]], [300, 33, 17, ["dt", "D", "z", "initialState"]], [200, 128, 128, ["dt"]]] as any)
  await check("ssd", "chunked", { make: "tile", chunk: 32 }, { make: "subgroup-matrix", chunk: +(process.env.CHUNK ?? 64) }, { batch: 2, length: T, heads: 4, groups: 2, headDim: P, state: N }, { with: w });
process.exit(0);
