/** A user's kernel where graphs are captured, without a GPU: when it is one, when it is not, and what is said of it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { torchOrReason } from "../../../torch.js";

const engine = await torchOrReason();
const python = process.env.DUALBENCH_PYTHON || "/usr/bin/python3";
await engine?.close();

it.skipIf(!engine)("is captured where it can be, and its row says what is inside a run", () => {
  const path = (relative: string) => fileURLToPath(new URL(`../../../../${relative}`, import.meta.url));
  const script = path("test/fixtures/torch/kernels_on_gpu.py");
  const { stdout, stderr } = spawnSync(python, ["-B", script, path("impls/engines/torch")], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const inside = /a run makes at least 1 tensor \(.* MiB\)$/;
  const [captured, refused, nothing, moving, waiting] = lines;
  // two to compile and to see how long one takes, one that is looked into, one that is captured
  expect(captured).toMatchObject({ before: 4, ran: 0, Y: [2, 2, 2] });
  expect(captured.told).toMatch(/^kernels launched together \(CUDA graph\); /);
  expect(captured.told).toMatch(inside);
  expect(refused).toMatchObject({ before: 3, ran: 1, Y: [2, 2, 2] });
  expect(refused.told).toMatch(
    /^launched one by one: no CUDA graph, RuntimeError: operation not permitted when stream is capturing.*; /,
  );
  expect(refused.told).toMatch(inside);
  expect(nothing.told).toBe("a run allocates nothing, never waits for the device, moves nothing to the host");
  expect(moving.told).toBe(
    "a run allocates 3 tensors (1.5 MiB), waits for the device 2 times, moves data to the host 2 times, takes data from the host 1 time",
  );
  // what waits for the device cannot be captured, and is not tried
  expect(waiting).toMatchObject({ before: 3, ran: 1 });
  expect(waiting.told).toMatch(
    /^launched one by one: no CUDA graph, it waits for the device; a run allocates 3 tensors/,
  );
});
