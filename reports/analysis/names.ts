/**
 * What a reader calls a row. The operator and form strings of a row are its only source: a kernel that nobody here has heard of gets
 * a curve of its own under its own name.
 */
import { parseCaseId } from "../rows/case-id.js";
import type { Row } from "../rows/row.js";

export interface Family {
  /** Stable key: colour, dash and marker belong to it, so a curve looks the same in every chart. */
  readonly key: string;
  readonly name: string;
  /** Shown in the main panel. Others (e.g. SSD's quadratic form) appear by engine. */
  readonly main: boolean;
}

type Named = Pick<Row, "operator" | "form" | "engine" | "make">;

/** Engines that compose an operator from tensor ops; elsewhere a scan is one fused kernel. */
const TENSOR_OPS = ["tfjs", "torch"];

/** Curves of the paper's Figure 10 first, in the order of a legend. */
export const FAMILIES = [
  { key: "attention", name: "Attention", main: true, has: (r) => r.operator === "attention" },
  { key: "convolution", name: "Convolution (FFT)", main: true, has: (r) => is(r, "convolution", "fft") },
  {
    key: "tensor-scan",
    name: "Scan (tensor ops)",
    main: true,
    // a peer's own kernel has a make: it is fused, whatever engine drives it
    has: (r) => is(r, "selective_scan", "scan") && TENSOR_OPS.includes(r.engine) && r.make === undefined,
  },
  { key: "scan", name: "Scan (Mamba-1)", main: true, has: (r) => r.operator === "selective_scan" },
  { key: "ssd", name: "SSD", main: true, has: (r) => is(r, "ssd", "chunked") },
  { key: "recurrence", name: "SSD, recurrent form", main: true, has: (r) => is(r, "ssd", "recurrent") },
  { key: "ssd-quadratic", name: "SSD, quadratic form", main: false, has: (r) => is(r, "ssd", "quadratic") },
  { key: "ssd-scan", name: "SSD, scan form", main: false, has: (r) => is(r, "ssd", "scan") },
] as const satisfies readonly (Family & { has(row: Named): boolean })[];

function is(row: Named, operator: string, form: string): boolean {
  return row.operator === operator && row.form === form;
}

export function familyOf(row: Named): Family {
  const known = FAMILIES.find((family) => family.has(row));
  if (known) return { key: known.key, name: known.name, main: known.main };
  const operator = row.operator.replaceAll("_", " ");
  return { key: `${row.operator}/${row.form}`, name: `${capital(operator)}, ${row.form}`, main: true };
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `form.engine`, with the options that tell it from its neighbours: "chunked.wasm chunk 8, 2 threads". */
export function implementationLabel(row: Row, chunks: string | undefined): string {
  const options = [
    row.make,
    chunks === undefined ? undefined : `chunk ${chunks}`,
    row.threads === undefined || row.threads <= 1 ? undefined : `${row.threads} threads`,
    deviceKey(row.id),
  ].filter((option) => option !== undefined);
  return [`${row.form}.${row.engine}`, options.join(", ")].filter(Boolean).join(" ");
}

/** The id's own `device` key, e.g. a tfjs backend. */
function deviceKey(id: string): string | undefined {
  return parseCaseId(id).keys.get("device");
}
