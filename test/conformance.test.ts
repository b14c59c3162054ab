/**
 * Every implementation on the cpu engine, and in torch, ONNX Runtime and jax-js where they are there, x the awkward problems. One
 * that is added to an index.ts is covered without another line; what it declines must be listed here.
 */
import { afterAll, describe, expect, it } from "vitest";
import { implementationName } from "../impls/implementation.js";
import { implementations } from "../impls/index.js";
import { recurrentCpu } from "../impls/ssd/recurrent.cpu.js";
import { awkwardProblems } from "../suites/problems/awkward.js";
import { complaints, conform, type Declines, type Tally } from "./suites/conformance.js";
import { cpuTarget, cpuTargets, jaxjsTargets, onnxruntimeTargets, torchTargets } from "./suites/targets.js";

const EXTRAS = /^takes no [\w ]+$/;

const DECLINES: Readonly<Record<string, Declines>> = {
  // it walks a state: half of the problems have a kernel that is only numbers
  "convolution/recurrent.cpu": { reason: /^needs a kernel given by poles and weights/, leastShare: 0.5 },
  "ssd/chunked.torch": { reason: EXTRAS, leastShare: 0.9 },
  "ssd/chunked.onnxruntime": { reason: EXTRAS, leastShare: 0.7 },
  "ssd/recurrent.onnxruntime": { reason: EXTRAS, leastShare: 0.7 },
  "ssd/chunked.jaxjs": { reason: EXTRAS, leastShare: 0.7 },
  "selective_scan/recurrent.onnxruntime": { reason: EXTRAS, leastShare: 0.8 },
  "attention/materialised.torch": { reason: EXTRAS, leastShare: 0.8, mayTakeAll: true },
  "ssd_grad/chunked.torch": { reason: /^autograd needs finite log decays/, leastShare: 0.8 },
  "attention_grad/materialised.torch": { reason: EXTRAS, leastShare: 0.8 },
  "attention/materialised.onnxruntime": { reason: EXTRAS, leastShare: 0.8 },
  "attention/materialised.jaxjs": { reason: EXTRAS, leastShare: 0.8 },
  // a state of fixed size, and a transform over time, stand for some masks each
  "masked_attention/linear.cpu": { reason: /^needs a 1-semiseparable mask/, leastShare: 0.75 },
  "masked_attention/fft.cpu": { reason: /^needs a Toeplitz mask/, leastShare: 0.1 },
};

const targets = [
  ...cpuTargets,
  ...(await torchTargets()),
  ...(await onnxruntimeTargets()),
  ...(await jaxjsTargets()),
];
afterAll(async () => {
  for (const place of new Set(targets.map((target) => target.place))) await place.close();
});

const named = targets.map((target) => ({ name: implementationName(target.impl), target }));

describe.each(named)("$name", ({ name, target }) => {
  const problems = awkwardProblems(target.impl.operator);
  const tally: Tally = { ran: 0, declined: [] };

  it.each(problems)("$title", async (problem) => {
    expect(await conform(target, problem, tally)).toBeUndefined();
  });

  it("really ran them", () => {
    expect(tally.ran + tally.declined.length).toBeGreaterThanOrEqual(problems.length);
    expect(complaints(tally, DECLINES[name])).toEqual([]);
  });
});

it("has no list of declines for an implementation that is gone", () => {
  const names = implementations.map(implementationName);
  expect(Object.keys(DECLINES).filter((name) => !names.includes(name))).toEqual([]);
});

describe("one that declines", () => {
  const [problem] = awkwardProblems(recurrentCpu.operator);
  const declining = cpuTarget({ ...recurrentCpu, unsupported: () => "not today" });

  it("does not pass as one that conforms", async () => {
    const tally: Tally = { ran: 0, declined: [] };
    expect(await conform(declining, problem, tally)).toBeUndefined();
    expect(complaints(tally)).toEqual([
      "declines for a reason that is not listed: not today",
      "ran 0 of 1 runs, must run a share of 1",
    ]);
    expect(complaints(tally, { reason: /^not today$/, leastShare: 0.5 })).toEqual([
      "ran 0 of 1 runs, must run a share of 0.5",
    ]);
  });

  it("does not pass with no options to run either, nor with a list that nothing needs", async () => {
    const tally: Tally = { ran: 0, declined: [] };
    await conform(cpuTarget({ ...recurrentCpu, options: () => [] }), problem, tally);
    expect(complaints(tally)[0]).toContain("no options to run");
    expect(complaints({ ran: 9, declined: [] }, { reason: /^never$/, leastShare: 0.5 })).toEqual([
      "declines nothing, yet /^never$/ is listed",
    ]);
  });
});
