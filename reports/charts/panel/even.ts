import type { Theme } from "../theme.js";
import type { Layer } from "./drawn.js";

/** The panel of a ratio, with a rule where both sides take the same time. */
export function withEvenRule(layer: Layer, width: number, theme: Theme): Layer {
  const even = {
    data: { values: [{ even: 1 }] },
    mark: { type: "rule" as const, strokeWidth: 1.2, color: theme.text },
    encoding: { x: { value: 0 }, x2: { value: width }, y: { field: "even", type: "quantitative" as const } },
  };
  return { ...layer, layer: [even, ...layer.layer] };
}
