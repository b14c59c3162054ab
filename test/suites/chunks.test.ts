/** Chunk lengths in place of an implementation's own choice, refused in a sentence where it has but one. */
import { expect, it } from "vitest";
import { open } from "../../impls/engines/cpu.js";
import { chunkedCpu } from "../../impls/ssd/chunked.cpu.js";
import { chunkedNative } from "../../impls/ssd/chunked.native.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { chartOf } from "../../reports/charts/index.js";
import { chunks } from "../../suites/chunks.js";
import { chooseSuites } from "../../suites/index.js";
import { describeKernel } from "../../suites/processes/modules/describe.js";
import { measured, syntheticRun } from "../reports/fixtures.js";

const [{ operator, problems }] = chunks.curves("quick", 0);
const lengths = chunks.chunks!;

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(chunks);
  expect([operator.name, problems.length]).toEqual(["ssd", 1]);
});

it("asks an implementation for each of them, one without chunks for nothing, and one of a single length in a sentence", async () => {
  const engine = await open();
  const question = { problem: problems[0], everyChoice: false, chunks: lengths };
  const asked = (impl: Parameters<typeof describeKernel>[0]) =>
    describeKernel(impl, engine, question, String);
  expect((await asked(chunkedCpu)).map(({ options }) => options)).toEqual(
    lengths.map((chunk) => ({ chunk })),
  );
  expect(await asked(recurrentCpu)).toEqual([]);
  const native = await asked({ ...chunkedNative, options: () => [{ chunk: 16, threads: 1 }] } as never);
  const takes = native.filter(({ unsupported }) => unsupported === undefined);
  expect(takes.length).toBeLessThanOrEqual(1);
  for (const { unsupported } of native)
    if (unsupported) expect(unsupported).toMatch(/^needs chunk=\d+, got \d+$/);
});

it("is drawn over the chunk length", () => {
  const rows = lengths.map((chunk) =>
    measured("ssd/chunked.wasm", 1024, 64, 1e6 + 1e4 * chunk, { suite: "chunks", chunk, heads: 8 }),
  );
  const text = JSON.stringify(chartOf("chunks", rows)(syntheticRun(), rows));
  expect(text).toContain("Time over chunk length");
  for (const chunk of lengths) expect(text).toContain(`"x":${chunk},`);
});
