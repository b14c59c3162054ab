/** Names of engines and devices, as people type them. */
import { devicesOf } from "../../impls/engines/index.js";
import type { ListedEngine } from "./protocol.js";

/** A sentence when there is no engine of a name. */
export function unknownEngine(
  all: readonly Pick<ListedEngine, "name">[],
  names: readonly string[],
): string | undefined {
  const known = all.map(({ name }) => name as string);
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined ? undefined : `there is no engine "${unknown}"; there are ${known.join(", ")}`;
}

/** A sentence when no engine has a device of a name. */
export function unknownDevice(all: readonly ListedEngine[], names: readonly string[]): string | undefined {
  const known = [...new Set(all.flatMap(devicesOf))];
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined
    ? undefined
    : `no engine has a device "${unknown}"; there are ${known.join(", ")}`;
}
