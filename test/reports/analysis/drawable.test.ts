/** As many rows as a file may hold; as many of them drawn as anyone can see. */
import { expect, it } from "vitest";
import { drawable } from "../../../reports/analysis/drawable.js";
import { linearAxis, logAxis } from "../../../reports/charts/scale.js";
import type { Row } from "../../../reports/rows/row.js";
import { measured, syntheticRows } from "../fixtures.js";

const COUNT = 8000;
const many = (change: (i: number) => readonly [name: string, length: number, more: object]) =>
  Array.from({ length: COUNT }, (_, i): Row => {
    const [name, length, more] = change(i);
    const { id, ...row } = SAMPLE;
    const [operator, form] = name.split(/[/.]/);
    return { ...row, id: `${name} dtype=f32 length=${length}`, operator, form, length, ...more } as Row;
  });
const SAMPLE = measured("ssd/chunked.cpu", 512, 64, 1e6);

it("draws all of an ordinary run", () => {
  for (const suite of ["sequence-length", "state-size"]) {
    const rows = syntheticRows().filter((row) => row.suite === suite);
    expect(drawable(suite, rows)).toEqual({ rows, left: 0 });
  }
});

it.each<[string, (i: number) => readonly [string, number, object]]>([
  ["sizes of one curve", (i) => ["ssd/chunked.cpu", i + 1, {}]],
  ["implementations", (i) => [`ssd/form${i % 2000}.cpu`, 512 + i, {}]],
  ["devices", (i) => ["ssd/chunked.cpu", 512 + (i >> 8), { device: `device ${i % 256}` }]],
  ["states", (i) => ["ssd/chunked.cpu", 512, { state: i }]],
])("takes a suite of very many %s, and leaves most to the tables", (_, change) => {
  const rows = many(change);
  const drawn = drawable("sequence-length", rows);
  expect(drawn.rows.length).toBeGreaterThan(0);
  expect(drawn.rows.length).toBeLessThan(5000);
  expect(drawn.left).toBeGreaterThan(0);
});

it("lays out an axis of more values than a call has arguments", () => {
  const values = Array.from({ length: 300_000 }, (_, i) => i + 1);
  expect(logAxis(values).domain).toEqual([0.5, 500_000]);
  expect(linearAxis(values).domain[1]).toBeCloseTo(318_000);
});
