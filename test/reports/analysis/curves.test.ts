import { describe, expect, it } from "vitest";
import { bestCurves, groupsOf, measuredOf } from "../../../reports/analysis/curves.js";
import { xKeyOf } from "../../../reports/analysis/series.js";
import { failed, LENGTHS, measured, rejected, skipped, syntheticRows } from "../fixtures.js";

const left = syntheticRows().filter((row) => row.suite === "sequence-length");

describe("groups", () => {
  it("never put two devices or dtypes into one group, let alone one curve", () => {
    const rows = ["CPU", "GPU"].flatMap((device) =>
      ["f32", "f16"].flatMap((dtype) =>
        LENGTHS.slice(0, 3).map((length) =>
          measured("ssd/chunked.wasm", length, 64, length, { device, dtype }),
        ),
      ),
    );
    const groups = groupsOf(rows, "length");
    expect(groups).toHaveLength(4);
    for (const { device, dtype, curves } of groups)
      for (const row of curves.flatMap((curve) => curve.rows)) {
        expect(row.device).toBe(device);
        expect(row.dtype).toBe(dtype);
      }
  });

  it("put an operator without a state beside every state", () => {
    const rows = [
      measured("attention/tiled.cpu", 512, undefined, 1e6),
      measured("ssd/chunked.cpu", 512, 16, 1e6),
      measured("ssd/chunked.cpu", 512, 64, 1e6),
    ];
    const groups = groupsOf(rows, "length");
    expect(groups.map(({ state }) => state).toSorted()).toEqual([16, 64]);
    for (const { curves } of groups)
      expect(curves.map(({ family }) => family.key)).toEqual(["attention", "ssd"]);
  });

  it("come with the group that has most measured families first", () => {
    const few = LENGTHS.map((length) => measured("ssd/chunked.cpu", length, 64, length, { device: "few" }));
    const many = ["ssd/chunked.cpu", "attention/tiled.cpu"].map((name) =>
      measured(name, 512, 64, 1e6, { device: "many" }),
    );
    expect(groupsOf([...few, ...many], "length").map(({ device }) => device)).toEqual(["many", "few"]);
  });

  it("find the axis of a suite that nobody here has heard of", () => {
    const rows = [1, 2, 4].map((batch) =>
      measured("ssd/chunked.cpu", 512, 64, 1e6, { batch, suite: "batches" }),
    );
    expect(xKeyOf("batches", rows)).toBe("batch");
    expect(xKeyOf("state-size", rows)).toBe("state");
  });
});

describe("curves", () => {
  const chunked = (state: number, chunk: number) =>
    measured("ssd/chunked.wasm", 4096, state, 1e6, { suite: "state-size", chunk });

  it("go on where an implementation chooses another chunk for another size", () => {
    const rows = [chunked(16, 12), chunked(64, 12), chunked(128, 24)];
    const { curves } = groupsOf(rows, "state")[0];
    expect(curves).toHaveLength(1);
    expect(curves[0].points.map(({ x }) => x)).toEqual([16, 64, 128]);
    expect(curves[0].implementation).toContain("chunk 12 or 24");
  });

  it("part where one size was run with several chunks", () => {
    const rows = [chunked(16, 12), chunked(64, 12), chunked(16, 24), chunked(64, 24)];
    expect(groupsOf(rows, "state")[0].curves).toHaveLength(2);
  });

  it("are ordered by size and keep the last of two rows of one case", () => {
    const rows = [2048, 512, 1024, 512].map((length, i) =>
      measured("ssd/chunked.cpu", length, 64, 1e6 * (i + 1)),
    );
    const [curve] = groupsOf(rows, "length")[0].curves;
    expect(curve.points.map(({ x }) => x)).toEqual([512, 1024, 2048]);
    expect(curve.points[0].row).toBe(rows[3]);
  });

  it("end a measured line at what was rejected, failed or extrapolated", () => {
    const name = "ssd/chunked.cpu";
    const rows = [
      measured(name, 512, 64, 1e6),
      measured(name, 1024, 64, 2e6),
      skipped(name, 2048, 64, 4e6),
      measured(name, 4096, 64, 8e6),
      rejected(name, 8192, 64, "wrong"),
      measured(name, 16384, 64, 3e7),
      failed(name, 32768, 64, "died"),
    ];
    const [{ points }] = groupsOf(rows, "length")[0].curves;
    expect(points.map(({ x, segment, joined, measured: ran }) => [x, segment, joined, ran])).toEqual([
      [512, 0, false, true],
      [1024, 0, true, true],
      [2048, 1, true, false],
      [4096, 2, true, true],
      [16384, 3, false, true],
    ]);
  });

  it("do not draw a skipped case that has no prediction", () => {
    const row = { ...skipped("ssd/chunked.cpu", 512, 64, 1e6), predictedNs: undefined } as never;
    expect(groupsOf([row], "length")[0].curves[0].points).toEqual([]);
  });
});

describe("the main panel's curves", () => {
  const best = bestCurves(groupsOf(left, "length")[0]);

  it("are the five of the paper and the recurrent form, one each", () => {
    expect(best.map(({ family }) => family.key)).toEqual([
      "attention",
      "convolution",
      "tensor-scan",
      "scan",
      "ssd",
      "recurrence",
    ]);
  });

  it("are the fastest at the largest size that both measured", () => {
    const rows = [
      ...[512, 1024].map((length) => measured("ssd/chunked.cpu", length, 64, length)),
      ...[512, 1024, 2048].map((length) => measured("ssd/chunked.wasm", length, 64, 100 * length)),
    ];
    expect(bestCurves(groupsOf(rows, "length")[0])[0].implementation).toBe("chunked.cpu");
  });

  it("show a kernel that nobody here has heard of under its own name", () => {
    const rows = [measured("gated_delta/mine.cpu", 512, 64, 1e6)];
    const [curve] = bestCurves(groupsOf(rows, "length")[0]);
    expect(curve.family.name).toBe("Gated delta, mine");
    expect(measuredOf(curve)).toHaveLength(1);
  });
});
