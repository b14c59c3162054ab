/**
 * The curves of the figure, in one table: what a reader calls them, which rows belong to each, and which forms stand for it in the quick
 * grid. Operators that it names are those that the figure's suites ask. The operator and form strings of a row are its only source.
 */
import type { Row } from "../rows/row.js";

export interface Family {
  /** Stable key: colour, dash and marker belong to it, so a curve looks the same in every chart. */
  readonly key: string;
  readonly name: string;
  /** Shown in the main panel. Others (e.g. SSD's quadratic form) appear by engine. */
  readonly main: boolean;
  /** A user's own kernel: a curve of its own beside ours. */
  readonly own?: true;
}

interface FigureFamily extends Family {
  readonly operator: string;
  /** Forms of the operator that it shows; all where there is no list. */
  readonly forms?: readonly string[];
  /** Shows only what is composed from tensor operations. */
  readonly tensorOps?: true;
  /** Forms that the quick grid runs, each on the first engine that has it. */
  readonly quick?: readonly string[];
  /** Grows in proportion to length, so that the whole axis of the figure is within reach of any machine. */
  readonly linear?: true;
}

/** In the order of a legend, and a row belongs to the first that has it. */
export const FAMILIES: readonly FigureFamily[] = [
  { key: "attention", name: "Attention", main: true, operator: "attention", quick: ["tiled"] },
  {
    key: "convolution",
    name: "Convolution (FFT)",
    main: true,
    operator: "convolution",
    forms: ["fft"],
    quick: ["fft"],
    linear: true,
  },
  {
    key: "tensor-scan",
    name: "Scan (tensor ops)",
    main: true,
    operator: "selective_scan",
    forms: ["scan"],
    tensorOps: true,
    quick: ["scan"],
  },
  {
    key: "scan",
    name: "Scan (Mamba-1)",
    main: true,
    operator: "selective_scan",
    quick: ["recurrent", "scan"],
    linear: true,
  },
  {
    key: "ssd",
    name: "SSD",
    main: true,
    operator: "ssd",
    forms: ["chunked"],
    quick: ["chunked"],
    linear: true,
  },
  {
    key: "recurrence",
    name: "SSD, recurrent form",
    main: true,
    operator: "ssd",
    forms: ["recurrent"],
    quick: ["recurrent"],
    linear: true,
  },
  {
    key: "ssd-quadratic",
    name: "SSD, quadratic form",
    main: false,
    operator: "ssd",
    forms: ["quadratic"],
  },
  { key: "ssd-scan", name: "SSD, scan form", main: false, operator: "ssd", forms: ["scan"] },
];

/** Whether the figure shows this operator. */
export function isFigureOperator(name: string): boolean {
  return FAMILIES.some(({ operator }) => operator === name);
}

/** Whether the quick grid runs this form: all of an operator that is none of the figure's, since its suite asks for nothing else. */
export function isQuickForm(operator: string, form: string): boolean {
  if (!isFigureOperator(operator)) return true;
  return FAMILIES.some((family) => family.operator === operator && family.quick?.includes(form) === true);
}

/** Whether rows like this lie on a curve of the figure that any machine can take to the end of its axis. */
export function isLinearCurve(row: Shown): boolean {
  return FAMILIES.find((family) => shows(family, row))?.linear === true;
}

type Shown = Pick<Row, "operator" | "form" | "make" | "tensorOps">;
type Named = Shown & Partial<Pick<Row, "engine" | "source">>;

export function familyOf(row: Named): Family {
  if (row.source !== undefined) return ownFamily(row, row.source);
  // gradients look like the map that they are of: no panel shows both
  const map = { ...row, operator: row.operator.replace(/_grad$/, "") };
  const known = FAMILIES.find((family) => shows(family, map));
  if (known) return { key: known.key, name: known.name, main: known.main };
  // a kernel that nobody here has heard of gets a curve of its own under its own name
  const operator = row.operator.replaceAll("_", " ");
  return { key: `${row.operator}/${row.form}`, name: `${capital(operator)}, ${row.form}`, main: true };
}

/** Named by its make, or by its file where its name was free. */
function ownFamily({ operator, form, engine, make }: Named, source: string): Family {
  // the file and a hash of it
  const name = make ?? source.split(" ")[0].replace(/\.[a-z]+$/i, "");
  return { key: `own ${operator}/${form}.${engine} ${name}`, name, main: true, own: true };
}

function shows({ operator, forms, tensorOps }: FigureFamily, row: Shown): boolean {
  if (row.operator !== operator || forms?.includes(row.form) === false) return false;
  // a library's own kernel has a make: it is fused, whatever engine drives it
  return tensorOps === undefined || (row.tensorOps === true && row.make === undefined);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
