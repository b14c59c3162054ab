/** How the charts of a run look; nothing of it is needed. */
import type { TopLevelSpec } from "vega-lite";
import type { PaletteName } from "../charts/palettes.js";
import { type JsonObject, mergeSpec } from "../charts/spec/merge.js";
import type { Theme } from "../charts/theme.js";
import type { TrainingRow } from "../rows/training.js";

export interface PublishOptions {
  /** A PDF beside each picture. */
  readonly pdf?: boolean;
  /** Pictures on a dark page; report.html has both. */
  readonly dark?: boolean;
  readonly palette?: PaletteName;
  /** Only these curves; see charts/paper/select.ts. */
  readonly curves?: readonly string[];
  /** Those of the run, whose charts come behind those of the cases. */
  readonly trainings?: readonly TrainingRow[];
  /** Over each chart. */
  readonly title?: string;
  /** Merged into each chart. */
  readonly spec?: JsonObject;
}

export function themed(theme: Theme, { palette }: PublishOptions): Theme {
  return palette === undefined ? theme : { ...theme, palette };
}

/** With the user's title and fragment. */
export function finished(spec: TopLevelSpec | undefined, options: PublishOptions): TopLevelSpec | undefined {
  if (!spec) return undefined;
  const { title, spec: fragment } = options;
  const titled = title ? { ...spec, title: { text: title, fontSize: 16 } } : spec;
  return fragment === undefined ? titled : mergeSpec(titled, fragment);
}
