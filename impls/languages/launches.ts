/**
 * Launches of a file's kernels, in order: one whose keys stand in the header itself, or a list under `launches`, where what one writes
 * the next one reads. Common to the languages of GPUs.
 */
import type { Expression, Scope } from "./expression.js";
import type { Fields, Keys } from "./fields.js";

/** @param keys of one launch. @param read one of them. @throws where both ways are used, or a key is missing */
export function readLaunches<T>(fields: Fields, keys: Keys, read: (one: Fields) => T): T[] {
  const list = fields.objects("launches", keys);
  const names = Object.keys(keys);
  if (list) {
    const twice = names.find((name) => fields.has(name));
    if (twice !== undefined) fields.fail(twice, "stands beside launches; each of those has its own");
    return list.length > 0 ? list.map(read) : fields.fail("launches", "is empty");
  }
  const missing = names.find((name) => keys[name] === "required" && !fields.has(name));
  if (missing !== undefined)
    fields.fail(
      missing,
      `is missing; a launch needs ${names.filter((name) => keys[name] === "required").join(", ")}`,
    );
  return [read(fields)];
}

/** Those keys, as a header has them: any of them may be missing where `launches` has them. */
export function launchKeys(keys: Keys): Keys {
  return { ...Object.fromEntries(Object.keys(keys).map((name) => [name, "optional"])), launches: "optional" };
}

/** Counts along x, y and z, of which the later ones may be left out. */
export function readCounts(fields: Fields, key: string, names: readonly string[]): Expression[] {
  const counts = fields.counts(key, names)!;
  if (counts.length < 1 || counts.length > 3)
    fields.fail(key, `has ${counts.length} counts, expected one to three: x, y and z`);
  return counts;
}

/** @throws Error with the expression where a count is below one */
export function countsIn(
  what: string,
  counts: readonly Expression[],
  scope: Scope,
): [number, number, number] {
  const [x = 1, y = 1, z = 1] = counts.map((count) => {
    const value = count.valueIn(scope);
    if (value < 1) throw new Error(`${what} has ${value} where at least 1 is needed: ${count.text}`);
    return value;
  });
  return [x, y, z];
}
