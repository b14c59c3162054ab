/** The bytes of a training: back bit for bit, and refused where they are another's. */
import { expect, it } from "vitest";
import { AdamW, type Parameter } from "../../../impls/learning/adamw.js";
import { packState, readHeader, unpackState } from "../../../impls/learning/state.js";

function model(seed: number, names = ["a", "b"]) {
  const parameters = names.map((name, i): Parameter => {
    const values = Float32Array.from({ length: 3 + i }, (_, j) => Math.sin(seed + i + j));
    return { name, decays: true, values, gradient: values.map((value) => value / 3) };
  });
  return { parameters, optimiser: new AdamW(parameters) };
}

it("goes on as if it had never stopped", () => {
  const whole = model(1);
  for (const rate of [0.1, 0.2]) whole.optimiser.step(rate);
  const bytes = packState({ text: "ä\n", sum: 0.1 + 0.2 }, whole.parameters, whole.optimiser);
  const other = model(2);
  expect(readHeader(bytes).header).toEqual({ text: "ä\n", sum: 0.1 + 0.2 });
  unpackState(bytes, other.parameters, other.optimiser);
  for (const { parameters, optimiser } of [whole, other]) {
    for (const { gradient } of parameters) gradient.fill(0.3);
    optimiser.step(0.05);
  }
  expect(other.parameters.map(({ values }) => [...values])).toEqual(
    whole.parameters.map(({ values }) => [...values]),
  );
  expect(other.optimiser).toMatchObject({ steps: 3 });
});

it("refuses what is no state, another model's, or cut off", () => {
  const { parameters, optimiser } = model(1);
  const bytes = packState({}, parameters, optimiser);
  const into = (some: Uint8Array, names?: string[]) => () => {
    const other = model(2, names);
    unpackState(some, other.parameters, other.optimiser);
  };
  expect(into(new TextEncoder().encode("{}\n"))).toThrow("no state of a training");
  expect(into(bytes, ["a", "c"])).toThrow("the state of another model");
  expect(into(bytes.subarray(0, bytes.length - 4))).toThrow(/should have \d+ bytes and has \d+/);
});
