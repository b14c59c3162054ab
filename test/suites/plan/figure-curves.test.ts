/** Which engine draws a curve of the quick grid, and that the figure's one table names what exists. */
import { expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { implementations } from "../../../impls/index.js";
import { FAMILIES, familyOf, isFigureOperator, isQuickForm } from "../../../reports/analysis/families.js";
import { figureOperators } from "../../../suites/grids.js";
import { figureCurves } from "../../../suites/plan/figure-curves.js";

const [torch, cpu, wasm, cuda] = (["torch", "cpu", "wasm", "cuda"] as const).map((engine) => ({
  engine,
  traits: engines.find(({ name }) => name === engine),
}));
const find = (name: string, form: string, engine: string) =>
  implementations.findIndex(
    (impl) => impl.operator.name === name && impl.form === form && impl.engine === engine,
  );

it("a curve is drawn once, by the first engine that has it, by a peer only where nobody else has it", () => {
  const [onTorch, onCpu] = [find("ssd", "chunked", "torch"), find("ssd", "chunked", "cpu")];
  const beside = figureCurves(implementations, [torch, cpu, wasm]);
  expect([beside(onTorch, 0), beside(onCpu, 1), beside(find("ssd", "chunked", "wasm"), 2)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(figureCurves(implementations, [torch])(onTorch, 0)).toBe(true);
  expect(beside(find("ssd", "quadratic", "cpu"), 1)).toBe(false);
});

it("of an operator that the figure does not show every form is drawn once: its suite was named", () => {
  const choice = figureCurves(implementations, [wasm, cpu]);
  for (const form of ["quadratic", "linear", "fft"])
    expect(
      [wasm, cpu].map(({ engine }, t) => choice(find("masked_attention", form, engine), t)),
      form,
    ).toEqual([true, false]);
});

it("an engine that takes nothing of the grid's dtype leaves its curves to the next one", () => {
  const choice = figureCurves(implementations, [cuda, wasm]);
  const tiled = [
    choice(find("attention", "tiled", "cuda"), 0),
    choice(find("attention", "tiled", "wasm"), 1),
  ];
  expect(tiled).toEqual([false, true]);
});

it("a user's own implementation is drawn wherever it runs", () => {
  const own = { ...implementations[find("ssd", "quadratic", "cpu")] };
  const impls = [...implementations, own];
  const choice = figureCurves(impls, [wasm, cpu]);
  expect([choice(impls.length - 1, 0), choice(impls.length - 1, 1)]).toEqual([true, true]);
});

it("every form of the table is somebody's, and the quick grid's forms lie on main curves", () => {
  for (const { key, operator, forms = [], quick = [] } of FAMILIES)
    for (const form of [...forms, ...quick])
      expect(
        implementations.some((impl) => impl.operator.name === operator && impl.form === form),
        `${key}: ${operator}/${form}`,
      ).toBe(true);
  for (const { operator, form } of implementations)
    if (isFigureOperator(operator.name) && isQuickForm(operator.name, form)) {
      const family = familyOf({ operator: operator.name, form });
      expect(family.main, `${operator.name}/${form}`).toBe(true);
      expect(FAMILIES.map(({ key }) => key)).toContain(family.key);
    }
});

it("the figure's suites ask its operators, in the order of impls", () => {
  expect(figureOperators().map(({ name }) => name)).toEqual([
    "ssd",
    "selective_scan",
    "attention",
    "convolution",
  ]);
});
