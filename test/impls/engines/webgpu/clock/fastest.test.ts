/** Options measured on a device's clock: a fake adapter and a fake clock, so that the answer is known. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { Choices } from "../../../../../impls/engines/choices.js";
import { type Fastest, fastestOn } from "../../../../../impls/engines/webgpu/clock/fastest.js";
import type { Prepared } from "../../../../../impls/prepared.js";

const folder = await mkdtemp(join(tmpdir(), "dualbench-fastest-"));
afterAll(() => rm(folder, { recursive: true }));

const kernel = new URL("../../../../../impls/engines/webgpu/problem/fill.wgsl", import.meta.url);
const another = new URL("../../../../../impls/engines/webgpu/clock/copy.wgsl", import.meta.url);

function adapter(own: { description?: string; isSoftware?: boolean; clock?: boolean } = {}) {
  const { description = "driver 1", isSoftware = false, clock = true } = own;
  const info = { vendor: "v", architecture: "a", device: "d", description } as GPUAdapterInfo;
  const gpu = { adapter: { info } as GPUAdapter, checksBounds: false, isSoftware, has: () => clock };
  return gpu;
}

/** Candidates whose runs take the given device times. */
function search(deviceNs: Readonly<Record<string, number | undefined>>, kernels = [kernel]) {
  const prepared: string[] = [];
  const disposed: string[] = [];
  const times = new Map<unknown, number | undefined>();
  const one: Fastest<string> = {
    kernels,
    shape: "length=4096",
    candidates: Object.keys(deviceNs),
    async prepare(candidate) {
      prepared.push(candidate);
      const run = () => {};
      times.set(run, deviceNs[candidate]);
      return { run, dispose: () => void disposed.push(candidate) } as unknown as Prepared;
    },
  };
  const clock = async (run: unknown) => {
    const deviceNs = times.get(run);
    return { hostNs: 1, ...(deviceNs === undefined ? {} : { deviceNs }) };
  };
  return { one, clock, prepared, disposed };
}

it("takes the fastest by the device's clock, gives the others back, and remembers it in another process", async () => {
  const file = pathToFileURL(join(folder, "a", "choices.json"));
  const first = search({ large: 300, small: 100, missed: undefined });
  expect(await fastestOn(adapter(), first.clock, first.one, new Choices(file))).toBe("small");
  expect(first.disposed).toEqual(["large", "small", "missed"]);
  const again = search({ large: 1, small: 100, missed: 1 });
  expect(await fastestOn(adapter(), again.clock, again.one, new Choices(file))).toBe("small");
  expect(again.prepared).toEqual([]);
  expect(Object.keys(JSON.parse(await readFile(file, "utf8")))).toEqual([
    expect.stringMatching(/^v a d driver 1, fill\.wgsl [0-9a-f]{16}, length=4096$/),
  ]);
});

it("asks again of another driver, and of another kernel", async () => {
  const choices = new Choices(pathToFileURL(join(folder, "b.json")));
  for (const [gpu, kernels] of [
    [adapter(), [kernel]],
    [adapter({ description: "driver 2" }), [kernel]],
    [adapter(), [another]],
  ] as const) {
    const { one, clock, prepared } = search({ large: 300, small: 100 }, [...kernels]);
    expect(await fastestOn(gpu, clock, one, choices)).toBe("small");
    expect(prepared).toEqual(["large", "small"]);
  }
});

it.each([
  ["computes on the CPU", adapter({ isSoftware: true }), { large: 300, small: 100 }],
  ["has no clock", adapter({ clock: false }), { large: 300, small: 100 }],
  ["has no choice", adapter(), { large: 300 }],
])("measures nothing where the adapter %s", async (_, gpu, times) => {
  const { one, clock, prepared } = search(times);
  expect(await fastestOn(gpu, clock, one, new Choices(pathToFileURL(join(folder, "c.json"))))).toBe("large");
  expect(prepared).toEqual([]);
});
