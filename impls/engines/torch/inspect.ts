/** Outputs as the Python process reads them where they lie: selected lanes, the first element that is no number, a hash of all bits. */
import { laneView, projectionWeight } from "../../lanes.js";
import { type AnyOperator, type Lane, type OutputName, outputNames, type Problem } from "../../operator.js";
import type { Inspection } from "../../prepared.js";
import type { Python } from "./python.js";

interface Found {
  readonly nonFinite: { readonly index: number; readonly value: string; readonly total: number } | null;
  readonly digest: string;
}

export async function inspect<Op extends AnyOperator>(
  python: Python,
  handle: number,
  operator: Op,
  problem: Problem,
  lanes: readonly Lane[],
): Promise<Inspection<OutputName<Op>>> {
  const names = outputNames(operator, problem);
  const views = names.map((name) => lanes.map((lane) => laneView(operator, problem, name, lane)));
  const terms = views.flat().reduce((most, view) => Math.max(most, view.projected ? view.terms : 0), 0);
  const { value, data } = await python.call("inspect", {
    case: handle,
    signs: Array.from({ length: terms }, (_, p) => projectionWeight(p)),
    views: Object.fromEntries(
      names.map((name, i) => [
        name,
        views[i].map((v) => [
          v.offset,
          v.stride,
          v.count,
          v.run,
          v.runStride,
          v.terms,
          v.termStride,
          v.projected,
        ]),
      ]),
    ),
  });
  const found = value as Record<string, Found>;
  const values = new Float64Array(data.buffer, data.byteOffset, data.byteLength / 8);
  const gathered = lanes.map(() => ({}) as Record<OutputName<Op>, Float64Array>);
  let at = 0;
  for (const [i, name] of names.entries())
    for (const [l, { count }] of views[i].entries()) {
      gathered[l][name] = values.slice(at, at + count);
      at += count;
    }
  const bad = names.find((name) => found[name].nonFinite !== null);
  const nonFinite = bad && {
    output: bad,
    ...found[bad].nonFinite!,
    value: Number(pythonNumber(found[bad].nonFinite!.value)),
  };
  return { lanes: gathered, nonFinite, fingerprint: names.map((name) => found[name].digest).join("") };
}

/** `inf`, `-inf` and `nan` as JavaScript spells them; JSON has none of them. */
function pythonNumber(text: string): string {
  return text.replace("inf", "Infinity").replace("nan", "NaN");
}

/** Little-endian float32 of a reply. */
export function floats(data: Buffer): Float32Array {
  return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
}
