import { describe, expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import {
  caseId,
  caseName,
  idWords,
  parseCaseId,
  parseCaseName,
  parsePlanId,
  planId,
} from "../../../reports/rows/case-id.js";

describe("case ids", () => {
  it("refuse values that would break them apart", () => {
    for (const make of ["two words", "a=b", "a\tb", ""])
      expect(() => caseId("ssd/chunked.cpu", { make }), JSON.stringify(make)).toThrow("[a-z0-9._-]+");
  });

  it("are read back", () => {
    const id = caseId("ssd/chunked.cpu", { dtype: "f32", length: 8, make: "dot.ted-0" });
    expect(id).toBe("ssd/chunked.cpu dtype=f32 length=8 make=dot.ted-0");
    expect(parseCaseId(id)).toEqual({
      name: "ssd/chunked.cpu",
      operator: "ssd",
      form: "chunked",
      engine: "cpu",
      keys: new Map([
        ["dtype", "f32"],
        ["length", "8"],
        ["make", "dot.ted-0"],
      ]),
    });
    expect(idWords(id)).toEqual(["ssd/chunked.cpu", "dtype=f32", "length=8", "make=dot.ted-0"]);
  });

  it("begin with the names that implementations have", () => {
    expect(implementations.length).toBeGreaterThan(0);
    for (const impl of implementations) {
      const { operator, form, engine } = impl;
      const parts = { operator: operator.name, form, engine };
      expect(parseCaseName(implementationName(impl))).toEqual(parts);
      expect(caseName(parts)).toBe(implementationName(impl));
    }
  });

  it("of other versions do no harm", () => {
    expect(parseCaseId("nonsense")).toEqual({
      name: "nonsense",
      operator: "nonsense",
      form: "",
      engine: "",
      keys: new Map(),
    });
    expect(parseCaseId("a/b.c word x=1=2").keys).toEqual(
      new Map([
        ["word", ""],
        ["x", "1=2"],
      ]),
    );
  });

  it("stand behind their suite in a plan", () => {
    const id = "ssd/chunked.cpu dtype=f32 length=8";
    expect(parsePlanId(planId("state-size", id))).toEqual({ suite: "state-size", id });
  });
});
