import { expect, it } from "vitest";
import { machineKind, mayBeOne } from "../../../reports/rows/machine.js";

const machine = (model: string, cores: number, more: { quota?: number; gpus?: string[] } = {}) =>
  machineKind({
    cpu: { model, cores, quotaCores: more.quota ?? null },
    os: { platform: "linux", arch: "x64" },
    gpus: (more.gpus ?? []).map((gpu) => ({ model: gpu })),
  });

it("names CPU, cores, quota, system and GPUs", () => {
  expect(machine("A", 16, { quota: 2, gpus: ["G1", "G2"] })).toBe("A, 16 cores (quota 2), linux x64, G1, G2");
  expect(machineKind({ cpu: "A" })).toBe("an unknown machine");
});

it("takes a machine that told no GPU in time for the one that did, and no other for another", () => {
  const told = machine("A", 16, { gpus: ["G1"] });
  expect(mayBeOne(told, machine("A", 16))).toBe(true);
  expect(mayBeOne(machine("A", 16), told)).toBe(true);
  expect(mayBeOne(told, machine("A", 16, { gpus: ["G2"] }))).toBe(false);
  expect(mayBeOne(told, machine("A", 16, { gpus: ["G10"] }))).toBe(false);
  expect(mayBeOne(told, machine("A", 16, { quota: 2 }))).toBe(false);
  expect(mayBeOne(told, machine("A", 8))).toBe(false);
  expect(mayBeOne(machine("A", 1), machine("A", 16))).toBe(false);
});
