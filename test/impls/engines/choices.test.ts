/** Options chosen by measuring: the same answer when asked again, in this process or another, and a tie changes nothing. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Choices, type Search } from "../../../impls/engines/choices.js";

const folder = await mkdtemp(join(tmpdir(), "dualbench-choices-"));
afterAll(() => rm(folder, { recursive: true }));

/** A clock that says as many ms as the candidate's value. */
function search(
  candidates: readonly number[],
  own: Partial<Search<number>> = {},
): Search<number> & { prepared: number[] } {
  const prepared: number[] = [];
  return {
    place: "a processor",
    kernel: "kernel.0123",
    shape: "state=64",
    candidates,
    prepared,
    async prepare(candidate) {
      prepared.push(candidate);
      return { time: () => candidate, dispose() {} };
    },
    ...own,
  };
}

describe("choices", () => {
  it("take the fastest and remember it on disk, by place, kernel and shape", async () => {
    const file = pathToFileURL(join(folder, "a", "choices.json"));
    expect(await new Choices(file).choose(search([4, 1, 3]))).toBe(1);
    const again = search([4, 1, 3]);
    expect(await new Choices(file).choose(again)).toBe(1);
    expect(again.prepared).toEqual([]);
    const another = search([4, 1, 3], { kernel: "kernel.4567" });
    await new Choices(file).choose(another);
    expect(another.prepared).toEqual([4, 1, 3]);
    const elsewhere = search([4, 1, 3], { place: "another processor" });
    await new Choices(file).choose(elsewhere);
    expect(elsewhere.prepared).toEqual([4, 1, 3]);
  });

  it("search once when asked twice at a time", async () => {
    const choices = new Choices(pathToFileURL(join(folder, "b.json")));
    const one = search([2, 1]);
    expect(await Promise.all([choices.choose(one), choices.choose(one)])).toEqual([1, 1]);
    expect(one.prepared).toEqual([2, 1]);
  });

  it("keep the first candidate unless another is clearly faster", async () => {
    expect(await new Choices(pathToFileURL(join(folder, "c.json"))).choose(search([1, 0.99]))).toBe(1);
  });

  it.each(["not JSON", "null", `{"x": "y"}`, "[]"])("search again when the file holds %s", async (text) => {
    const file = pathToFileURL(join(folder, "d.json"));
    await writeFile(file, text);
    expect(await new Choices(file).choose(search([2, 1]))).toBe(1);
    expect(Object.values(JSON.parse(await readFile(file, "utf8")))).toContain(1);
  });

  it("hold for the process where the folder cannot be written", async () => {
    const file = pathToFileURL(join(folder, "b.json", "under-a-file.json"));
    const choices = new Choices(file);
    expect(await choices.choose(search([2, 1]))).toBe(1);
    expect(await choices.choose(search([2, 1]))).toBe(1);
  });
});
