/** What blocks in torch are composed of, beside the programs of their parts: norms by parts, convolutions over borders, whole biases. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { torchOrReason } from "../../../torch.js";

const engine = await torchOrReason();
const python = process.env.DUALBENCH_PYTHON || "/usr/bin/python3";
await engine?.close();

it.skipIf(!engine)(
  "norms parts, convolves within documents, and adds biases that no half type rounds",
  () => {
    const path = (relative: string) => fileURLToPath(new URL(`../../../../${relative}`, import.meta.url));
    const script = path("test/fixtures/torch/compose_on_cpu.py");
    const { stdout, stderr } = spawnSync(python, ["-B", script, path("impls/engines/torch")], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const { norm, sums, last, bias } = JSON.parse(stdout) as Record<string, number[]>;
    // 3, 4 over sqrt(12.5), 6, 8 over sqrt(50), times weights 1, 2, 3, 4
    const wanted = [3 / 12.5 ** 0.5, 8 / 12.5 ** 0.5, 18 / 50 ** 0.5, 32 / 50 ** 0.5];
    for (const [i, value] of norm.entries()) expect(value).toBeCloseTo(wanted[i], 5);
    // taps 1, 10, 100 over 0 | 1 2 | 3 4, the first document after inputs 7 and 8: a border hides what is before it
    expect(sums).toEqual([7 + 80 + 100, 8 + 10 + 200, 300, 30 + 400]);
    // the last two inputs are of the last document
    expect(last).toEqual([3, 4]);
    expect(bias).toEqual([0, 0, 0]);
  },
);
