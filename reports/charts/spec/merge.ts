/** A user's fragment of Vega-Lite on top of one of our charts. */
import type { TopLevelSpec } from "vega-lite";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Keys that mean every panel, because a figure of several panels has none of its own. */
const OF_PANELS = ["encoding", "width", "height", "view", "layer", "transform", "projection"];
const CONCATS = ["concat", "hconcat", "vconcat"] as const;

/**
 * Objects merge key by key, null takes a key away, anything else replaces (RFC 7396), with three additions: keys of a panel go into
 * every panel, a list of panels merges by place, and layers are added on top.
 */
export function mergeSpec(spec: TopLevelSpec, fragment: JsonObject): TopLevelSpec {
  const own = Object.fromEntries(Object.entries(fragment).filter(([key]) => !OF_PANELS.includes(key)));
  const shared = Object.fromEntries(Object.entries(fragment).filter(([key]) => OF_PANELS.includes(key)));
  const merged = merge(spec as unknown as Json, own) as JsonObject;
  return (Object.keys(shared).length === 0 ? merged : intoPanels(merged, shared)) as unknown as TopLevelSpec;
}

function intoPanels(spec: JsonObject, shared: JsonObject): JsonObject {
  const kind = CONCATS.find((key) => Array.isArray(spec[key]));
  if (kind) {
    const panels = spec[kind] as readonly JsonObject[];
    return { ...spec, [kind]: panels.map((one) => intoPanels(one, shared)) };
  }
  // captions and keys are panels for Vega-Lite only: they have no axes
  return isPanel(spec) ? (merge(spec, shared) as JsonObject) : spec;
}

function isPanel(spec: JsonObject): boolean {
  const { encoding, layer } = spec;
  return isObject(encoding) && "y" in encoding && Array.isArray(layer);
}

function merge(base: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: Record<string, Json> = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value) && Array.isArray(before) && key === "layer")
      result[key] = [...before, ...value];
    else if (Array.isArray(value) && Array.isArray(before) && isConcat(key))
      result[key] = before.map((one, i) => (isObject(value[i] ?? null) ? merge(one, value[i]) : one));
    else result[key] = merge(before, value);
  }
  return result;
}

function isConcat(key: string): boolean {
  return (CONCATS as readonly string[]).includes(key);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
