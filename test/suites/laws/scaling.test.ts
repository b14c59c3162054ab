import { expect, it } from "vitest";
import { scanCpu } from "../../../impls/selective_scan_grad/scan.cpu.js";
import { scaling } from "../../../suites/laws/scaling.js";
import { subjectOf } from "../../../suites/verify/subject.js";
import { cpuTarget } from "../targets.js";

// found by 10,000 random cases: an adjoint of 7.9e-26 times 16 is none that is flushed
const tiny = {
  operator: "selective_scan_grad",
  dims: { batch: 2, length: 2, heads: 1, groups: 1, headDim: 4, state: 60 },
  seed: 992,
  values: "coherent",
  decay: "usual",
  with: ["initialState"],
  alternative: [],
  settings: { softplus: true, training: false },
  dtype: 0,
} as const;

it("lets a kernel flush to zero what is below 1e-25 on one side alone", async () => {
  const subject = subjectOf(cpuTarget(scanCpu), "f32", {});
  const { dinitialState } = await subject.values(subject.problem(scanCpu.operator, tiny));
  expect(Math.min(...dinitialState.filter((value) => value > 0))).toBeLessThan(1e-23);
  expect(await scaling.holds({ spec: tiny, exponent: -4 }, subject)).toEqual({ ok: true });
});
