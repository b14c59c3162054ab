/** What a reader calls an implementation. */
import { parseCaseId } from "../rows/case-id.js";
import type { Row } from "../rows/row.js";

/** `form.engine`, with the options that tell it from its neighbours: "chunked.wasm chunk 8, 2 threads". */
export function implementationLabel(row: Row, chunks: string | undefined): string {
  const options = [
    row.make,
    chunks === undefined ? undefined : `chunk ${chunks}`,
    row.threads === undefined || row.threads <= 1 ? undefined : `${row.threads} threads`,
    // the id's own key, e.g. a tfjs backend
    parseCaseId(row.id).keys.get("device"),
  ].filter((option) => option !== undefined);
  return [`${row.form}.${row.engine}`, options.join(", ")].filter(Boolean).join(" ");
}
