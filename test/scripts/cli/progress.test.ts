/** Progress fits any terminal, and is plain text where there is none. */
import { describe, expect, it } from "vitest";
import { Progress, type Terminal } from "../../../scripts/cli/progress.js";
import { measuredRow } from "../../reports/rows.js";

function terminal(more: Partial<Terminal>): Terminal & { text: string } {
  const fake = {
    text: "",
    write(text: string) {
      fake.text += text;
    },
    ...more,
  };
  return fake;
}

const state = { done: 3, total: 10, remainingNs: 12e9, next: measuredRow().id };

describe("progress", () => {
  it.each([10, 40, 80])("is one line of less than %i columns", (columns) => {
    const fake = terminal({ isTTY: true, columns });
    const progress = new Progress(fake, 10, { colour: true, env: {} });
    progress.next(state);
    const lines = fake.text.split("\r\x1b[2K");
    expect(lines).toHaveLength(2);
    expect(lines[1].length).toBeLessThan(columns);
    expect(lines[1].length).toBeGreaterThan(0);
    progress.clear();
    expect(fake.text.endsWith("\r\x1b[2K")).toBe(true);
  });

  it("says how much is done and how long it may still take", () => {
    const fake = terminal({ isTTY: true, columns: 200 });
    let nowMs = 1000;
    const progress = new Progress(fake, 10, { colour: false, env: {}, done: 5, nowMs: () => nowMs });
    nowMs += 65_000;
    progress.next(state);
    expect(fake.text).toContain("50% 5/10, 1.08 min so far, at most 12.0 s left");
  });

  it.each([
    ["without a terminal", { isTTY: false }, {}],
    ["in CI", { isTTY: true }, { CI: "1" }],
    ["on a dumb terminal", { isTTY: true }, { TERM: "dumb" }],
  ])("is a plain line a case %s", (_name, more, env) => {
    const fake = terminal(more);
    const progress = new Progress(fake, 2, { colour: true, env });
    progress.next(state);
    expect(fake.text).toBe("");
    progress.row(measuredRow());
    expect(fake.text).toBe(`[1/2] measured sequence-length ${measuredRow().id}: 1.00 ms\n`);
  });

  it("shows failures on a terminal at once, in colour unless NO_COLOR says otherwise", () => {
    const { suite, id } = measuredRow();
    const failed = { ...measuredRow(), suite, id, status: "failed", reason: "SIGABRT" } as never;
    const show = (env: NodeJS.ProcessEnv) => {
      const fake = terminal({ isTTY: true, columns: 80 });
      new Progress(fake, 1, { colour: true, env }).row(failed);
      return fake.text;
    };
    expect(show({})).toContain("\x1b[31mfailed\x1b[0m");
    expect(show({ NO_COLOR: "1" })).toBe(`[1/1] failed ${suite} ${id}: SIGABRT\n`);
  });

  it("folds skips into a line a reason, figures aside, and tells each where it is asked to", () => {
    const skip = (length: number, reason: string) =>
      ({
        ...measuredRow(),
        id: `ssd/quadratic.cpu length=${length}`,
        form: "quadratic",
        status: "skipped",
        reason,
      }) as never;
    const rows = [
      skip(4096, "predicted 3.32 s a run, 13.3 s to verify and time it; one case may use 6.09 s"),
      skip(8192, "predicted 13.3 s a run, 53.1 s to verify and time it; one case may use 358 ms"),
      skip(512, "needs dtype f32, got f16"),
    ];
    const show = (verbose: boolean) => {
      const fake = terminal({ isTTY: false });
      const progress = new Progress(fake, 3, { colour: false, verbose, env: {} });
      for (const row of rows) progress.row(row);
      progress.tellSkips();
      return fake.text.trimEnd().split("\n");
    };
    expect(show(false)).toEqual([
      "skipped 2 cases (ssd/quadratic.cpu): predicted … a run, … to verify and time it; one case may use …",
      "skipped 1 case (ssd/quadratic.cpu): needs dtype f32, got f16",
      "each skip with its figures: --verbose, or the reasons in results.csv",
    ]);
    expect(show(true)).toHaveLength(3);
    expect(show(true)[1]).toMatch(/^\[2\/3\] skipped sequence-length .*: predicted 13\.3 s a run/);
  });
});
