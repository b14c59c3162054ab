/** results.csv: one row a case, base units in the column names. Columns are a contract: new ones go to the end. */
import { stringify } from "csv-stringify/sync";
import { visible } from "../text.js";
import type { Row } from "./row.js";

type Value = string | number | boolean | Readonly<Record<string, string>> | undefined;

/** Column by column, in the order of the contract. */
const COLUMNS: readonly (readonly [name: string, key: string])[] = [
  ["id", "id"],
  ["suite", "suite"],
  ["operator", "operator"],
  ["form", "form"],
  ["engine", "engine"],
  ["device", "device"],
  ["dtype", "dtype"],
  ["batch", "batch"],
  ["length", "length"],
  ["heads", "heads"],
  ["groups", "groups"],
  ["head_dim", "headDim"],
  ["state", "state"],
  ["chunk", "chunk"],
  ["threads", "threads"],
  ["status", "status"],
  ["reason", "reason"],
  ["lanes_checked", "lanesChecked"],
  ["lanes_total", "lanesTotal"],
  ["error_u", "errorU"],
  ["bound_u", "boundU"],
  ["samples", "samples"],
  ["stop_reason", "stopReason"],
  ["median_ns", "medianNs"],
  ["ci95_low_ns", "ci95LowNs"],
  ["ci95_high_ns", "ci95HighNs"],
  ["p25_ns", "p25Ns"],
  ["p75_ns", "p75Ns"],
  ["min_ns", "minNs"],
  ["host_median_ns", "hostMedianNs"],
  ["clock", "clock"],
  ["flops", "flops"],
  ["bytes", "bytes"],
  ["flops_per_s", "flopsPerS"],
  ["bytes_per_s", "bytesPerS"],
  ["roofline_fraction", "rooflineFraction"],
  ["peak_bytes", "peakBytes"],
  ["deterministic", "deterministic"],
  ["seed", "seed"],
  ["commit", "commit"],
  ["time_utc", "timeUtc"],
  ["tile", "tile"],
  ["version", "version"],
  ["packages", "packages"],
  ["source", "source"],
  ["inputs", "inputs"],
  ["checked_runs", "checkedRuns"],
  ["workload", "workload"],
  ["documents", "documents"],
  ["width", "width"],
  ["make", "make"],
  ["cache", "cache"],
  ["pass", "pass"],
  ["context", "context"],
  ["head_dim_v", "headDimV"],
  ["device_kind", "deviceKind"],
  ["predicted_ns", "predictedNs"],
  ["pairs", "pairs"],
  ["model_dim", "modelDim"],
  ["inner", "inner"],
  ["rank", "rank"],
  ["pattern", "pattern"],
  ["features", "features"],
  ["projections", "projections"],
  ["parameters", "parameters"],
  ["kept_bytes", "keptBytes"],
  ["processor_clock_hz", "processorClockHz"],
  ["temperature_c", "temperatureC"],
  ["throttle", "throttle"],
  ["joules_per_token", "joulesPerToken"],
  ["energy_of", "energyOf"],
  ["ranks", "ranks"],
  ["split", "split"],
  ["passing", "passing"],
];

export const CSV_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/**
 * RFC 4180 with a header; a value that a case does not have is an empty field. Text that a spreadsheet would take for a formula gets
 * an apostrophe in front, control characters are escaped.
 */
export function toCsv(rows: readonly Row[]): string {
  const records = rows.map((row) => {
    // only gradients have another pass, and a key for it; values are as wide as keys where an id does not say otherwise
    const values = { pass: "forward", headDimV: row.headDim, ...row } as unknown as Readonly<
      Record<string, Value>
    >;
    return COLUMNS.map(([, key]) => flat(values[key]));
  });
  return stringify([CSV_COLUMNS, ...records], {
    // one line a case, whatever a driver's message holds
    cast: { boolean: (value) => String(value), string: (value) => harmless(visible(value)) },
  });
}

/** "4.22.0 @tensorflow/tfjs-core; ...": no cell is a table of its own. */
function flat(value: Value): string | number | boolean | undefined {
  if (typeof value !== "object") return value;
  return Object.entries(value)
    .map(([name, version]) => `${version} ${name}`)
    .join("; ");
}

/** Also after a semicolon, where spreadsheets of half the world begin the next cell. Wide forms count as their narrow ones. */
export function harmless(text: string): string {
  return text.replace(/(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1$2'");
}
