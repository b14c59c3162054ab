/** Speed of the cpu engine's forms against plain loops, in interleaved rounds: node --import tsx scripts/tools/yardstick.ts [length] */
import { open } from "../../impls/engines/cpu.js";
import { implementationName } from "../../impls/implementation.js";
import { implementations as scans } from "../../impls/selective_scan/index.js";
import { implementations as ssds } from "../../impls/ssd/index.js";
import { parseCaseName } from "../../reports/rows/case-id.js";
import { plainScan, plainSsd, scanProblem, ssdProblem } from "./plain-loops.js";

const ROUNDS = 11;
const length = Number(process.argv[2] ?? 1024);
const engine = await open();

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

for (const state of [16, 64, 128, 256]) {
  const forms: [name: string, run: () => unknown][] = [];
  const onSsd = ssdProblem(state, length);
  forms.push(["ssd/yardstick.cpu", plainSsd(engine, onSsd)]);
  for (const impl of ssds) {
    if (impl.engine !== "cpu" || impl.form === "quadratic") continue;
    const prepared = await impl.prepare(engine, onSsd, (await impl.options?.(onSsd, engine))?.[0] ?? {});
    forms.push([implementationName(impl), () => prepared.run()]);
  }
  const onScan = scanProblem(state, length);
  forms.push(["selective_scan/yardstick.cpu", plainScan(engine, onScan)]);
  for (const impl of scans) {
    if (impl.engine !== "cpu") continue;
    const prepared = await impl.prepare(engine, onScan, (await impl.options?.(onScan, engine))?.[0] ?? {});
    forms.push([implementationName(impl), () => prepared.run()]);
  }
  const times = forms.map(() => [] as number[]);
  for (let round = -2; round < ROUNDS; round++)
    for (const [i, [, run]] of forms.entries()) {
      const { hostNs } = await engine.time(() => void run(), 1);
      if (round >= 0) times[i].push(hostNs);
    }
  for (const [i, [name]] of forms.entries()) {
    const yardstick = forms.findIndex(([other]) => other === `${parseCaseName(name).operator}/yardstick.cpu`);
    const ms = median(times[i]) / 1e6;
    const share = median(times[yardstick]) / median(times[i]);
    console.log(
      `${name.padEnd(30)} length=${length} headDim=64 state=${String(state).padEnd(4)} ` +
        `${ms.toFixed(2).padStart(8)} ms  ${(100 * share).toFixed(0).padStart(4)}% of the yardstick's speed`,
    );
  }
}
engine.close();
