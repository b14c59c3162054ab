/** What a machine tells of its processors beside a case. Nothing here is part of a verdict: what a machine does not tell is absent. */

/** A card's state. */
export interface Reading {
  readonly clockHz?: number;
  readonly temperatureC?: number;
  /** Names of what slows it down. */
  readonly throttle?: readonly string[];
}

export interface Meter {
  /** What energy is of: a card, or the packages of the CPUs, idle parts included. */
  readonly of: "card" | "package";
  /** Right after runs, while their clocks still stand; absent where the machine does not tell. */
  state?(): Reading;
  /** Begins to count. @returns joules since; undefined where no energy is told */
  energy(): (() => number | undefined) | undefined;
}

/** What is known of a case after its runs. */
export interface Telemetry {
  /** Of the median reading. */
  readonly clockHz?: number | undefined;
  /** Of the hottest. */
  readonly temperatureC?: number | undefined;
  /** Of all; "none" where readings show none. */
  readonly throttle?: string | undefined;
  /** Mean power while the case ran again and again. */
  readonly watts?: number | undefined;
  readonly powerOf?: Meter["of"] | undefined;
}

export function summed(
  readings: readonly Reading[],
): Pick<Telemetry, "clockHz" | "temperatureC" | "throttle"> {
  const clocks = readings.flatMap(({ clockHz }) => clockHz ?? []).sort((a, b) => a - b);
  const heats = readings.flatMap(({ temperatureC }) => temperatureC ?? []);
  const told = readings.flatMap(({ throttle }) => (throttle ? [throttle] : []));
  const names = [...new Set(told.flat())];
  return {
    clockHz: clocks[clocks.length >> 1],
    temperatureC: heats.length === 0 ? undefined : Math.max(...heats),
    throttle: told.length === 0 ? undefined : names.join("; ") || "none",
  };
}
