/**
 * What rows of versions before 0.2 do not say, by the name of their engine: the one table of engines outside impls. Those files are
 * written and cannot be asked again, and nobody who reads one may have the engine; every later row says these things itself.
 */
import { parseCaseId } from "./case-id.js";
import type { Row } from "./row.js";

type Facts = Required<Pick<Row, "deviceKind" | "tensorOps">>;

/** By the id's `device` key. */
const ENGINES: Readonly<Record<string, (device: string) => Facts>> = {
  cpu: () => ({ deviceKind: "cpu", tensorOps: false }),
  wasm: () => ({ deviceKind: "cpu", tensorOps: false }),
  // their keys are the names of adapters
  webgpu: (device) => ({
    deviceKind: /swiftshader|llvmpipe|lavapipe|software/.test(device) ? "software" : "gpu",
    tensorOps: false,
  }),
  // backends; the native one was measured on CPUs only
  tfjs: (device) => ({ deviceKind: device === "webgpu" ? "gpu" : "cpu", tensorOps: true }),
  torch: (device) => ({ deviceKind: device === "cpu" ? "cpu" : "gpu", tensorOps: true }),
};

/** A row as today's versions write it; one that says these things, or is of an engine unknown then, as it is. */
export function completed<R extends Pick<Row, "id" | "engine" | "deviceKind" | "tensorOps">>(row: R): R {
  if (row.deviceKind !== undefined || !Object.hasOwn(ENGINES, row.engine)) return row;
  return { ...row, ...ENGINES[row.engine](parseCaseId(row.id).keys.get("device") ?? "") };
}
