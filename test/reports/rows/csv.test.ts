import { describe, expect, it } from "vitest";
import { CSV_COLUMNS, toCsv } from "../../../reports/rows/csv.js";
import type { Row } from "../../../reports/rows/row.js";
import { measuredRow } from "../rows.js";

/** As the contract spells it. */
const CONTRACT =
  "id,suite,operator,form,engine,device,dtype,batch,length,heads,groups,head_dim,state,chunk,threads,status,reason," +
  "lanes_checked,lanes_total,error_u,bound_u,samples,stop_reason,median_ns,ci95_low_ns,ci95_high_ns," +
  "p25_ns,p75_ns,min_ns,host_median_ns,clock,flops,bytes,flops_per_s,bytes_per_s," +
  "roofline_fraction,peak_bytes,deterministic,seed,commit,time_utc,tile,version,packages,source,inputs,checked_runs," +
  "workload,documents,width,make,cache,pass,context,head_dim_v,device_kind,predicted_ns,pairs," +
  "model_dim,inner,rank,pattern,features,projections,parameters,kept_bytes," +
  "processor_clock_hz,temperature_c,throttle,joules_per_token,energy_of,ranks,split,passing";

describe("results.csv", () => {
  it("has the columns of the contract, in order", () => {
    expect(CSV_COLUMNS.join(",")).toBe(CONTRACT);
    expect(toCsv([])).toBe(`${CONTRACT}\n`);
  });

  it("writes a measured row in full, text with commas quoted", () => {
    const [, line] = toCsv([measuredRow()]).split("\n");
    expect(line).toBe(
      "ssd/chunked.cpu dtype=f32 batch=1 length=512 heads=1 groups=1 headDim=64 state=64 chunk=8," +
        'sequence-length,ssd,chunked,cpu,"A CPU, with a comma",f32,1,512,1,1,64,64,8,,measured,,' +
        "64,64,1.5,100,30,precision,1000000,900000,1100000,950000,1050000,850000,1000000," +
        "host,8388608,542720,8400000000,540000000,0.25,1000000,true,0,0123456789abcdef,2026-01-01T00:00:01.000Z," +
        ",,,,,,,,,,,forward,,64,cpu,,,,,,,,,,,,,,,,,,",
    );
  });

  it.each<[string, Partial<Row>, string]>([
    ["a formula", { device: "=HYPERLINK(1)" }, "'=HYPERLINK(1)"],
    ["a formula behind a space", { device: " +1" }, " '+1"],
    ["a cell of another locale", { device: "a;=1+1" }, "a;'=1+1"],
    ["a command", { device: "@SUM(1)" }, "'@SUM(1)"],
    ["a wide formula", { device: "\uff1d1" }, "'\uff1d1"],
    ["a negative word", { device: "-x" }, "'-x"],
    ["an escape", { device: "a\u001b[31mb\u009bc" }, "a\\u001b[31mb\\u009bc"],
    ["text written backwards", { device: "a\u202eb" }, "a\\u202eb"],
    ["packages", { packages: { "@scope/a": "1.2", b: "3" } }, "1.2 @scope/a; 3 b"],
  ])("neutralises %s", (_, change, cell) => {
    const [, line] = toCsv([measuredRow({ id: "i", ...(change as object) })]).split("\n");
    expect(line.split(",")).toContain(cell);
  });

  it("leaves numbers below zero and ids as they are", () => {
    const [, line] = toCsv([measuredRow({ id: "a/b.c length=-1", medianNs: -5 })]).split("\n");
    expect(line).toContain("a/b.c length=-1,");
    expect(line).toContain(",-5,");
  });

  it("leaves empty what a row does not have, and keeps a reason on one line", () => {
    const { id, suite, operator, form, engine, device, dtype, flops, bytes, seed, commit, timeUtc } =
      measuredRow();
    const row: Row = {
      ...{ id, suite, operator, form, engine, device, dtype, flops, bytes, seed, commit, timeUtc },
      ...{ batch: 1, length: 512, heads: 1, headDim: 64 },
      status: "failed",
      reason: 'a driver said "no"\nand more',
    };
    const lines = toCsv([row]).trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(',failed,"a driver said ""no"" and more",,,,,,');
  });
});
