/** Who is whose kernel: by make, by export, through moved files; never by place. */
import { describe, expect, it } from "vitest";
import type { Options } from "../../../../impls/prepared.js";
import { headOptions, type Offer, partnerOf } from "../../../../suites/gate/pairs/partners.js";
import type { InventoryEntry } from "../../../../suites/processes/protocol.js";

interface Kernel {
  readonly file?: string;
  readonly exported?: string;
  /** Its own. */
  readonly make?: string;
  /** What a kernel without one is given. */
  readonly counted?: string;
  readonly chunk?: number;
  readonly source?: string;
}

function entry({ file, exported = "default", counted, source = "s" }: Kernel): InventoryEntry {
  const origin = file === undefined ? undefined : { file, exported, fallbackMake: counted };
  return { name: "ssd/recurrent.cpu", source, origin, costs: [] };
}

function optionsOf({ make, counted, chunk }: Kernel): Options {
  const named = make ?? counted;
  return { ...(named === undefined ? {} : { make: named }), ...(chunk === undefined ? {} : { chunk }) };
}

const offer = (kernel: Kernel, impl: number): Offer => ({
  impl,
  entry: entry(kernel),
  answers: [{ options: optionsOf(kernel) }],
});

/** Which of the base's kernels is the first of head's; a sentence where none is. `moved`: old names by new ones. */
function partner(
  head: readonly Kernel[],
  base: readonly Kernel[],
  moved: Readonly<Record<string, string>> = {},
): number | string {
  const [first] = head;
  const follow = (file: string) => moved[file] ?? file;
  const search = { head: head.map(entry), follow };
  const found = partnerOf({ entry: search.head[0], options: optionsOf(first) }, base.map(offer), search);
  return typeof found === "string" ? found : found.impl;
}

const k = "kernel.ts";

describe("partnerOf", () => {
  it("goes by make wherever a kernel stands and whatever exports it", () => {
    const base = [
      { file: k, exported: "a", make: "slow" },
      { file: k, exported: "b", make: "fast" },
    ];
    expect(partner([{ file: k, exported: "a", make: "fast" }], base)).toBe(1);
    expect(partner([{ file: "other.ts", exported: "default", make: "fast" }], base)).toBe(1);
    expect(partner([{ file: k, exported: "a", make: "faster" }], base)).toMatch(/^it is new/);
    expect(partner([{ file: k, make: "fast" }], [])).toMatch(/^it is new/);
  });

  it("goes by export where a kernel names no make, so that a new one before it moves nothing", () => {
    const base = [{ file: k, exported: "mine", counted: "kernel" }];
    const head = [
      { file: k, exported: "mine", counted: "kernel-2" },
      { file: k, exported: "again", counted: "kernel" },
    ];
    expect(partner(head, base)).toBe(0);
    expect(partner([...head].reverse(), base)).toMatch(/^it is new/);
  });

  it("goes by the id where the export has another name, unless that kernel is another one's", () => {
    const base = [{ file: k, exported: "mine", counted: "kernel" }];
    expect(partner([{ file: k, counted: "kernel" }], base)).toBe(0);
    const both = [
      { file: k, exported: "again", counted: "kernel" },
      { file: k, exported: "mine", counted: "kernel-2" },
    ];
    expect(partner(both, base)).toMatch(/^it is new/);
  });

  it("follows a moved file, whose name is in the make of a kernel without one", () => {
    const base = [
      { file: "x.ts", exported: "mine", counted: "x" },
      { file: k, exported: "mine", counted: "kernel" },
    ];
    expect(partner([{ file: "new.ts", exported: "mine", counted: "new" }], base, { "new.ts": k })).toBe(1);
    expect(partner([{ file: "new.ts", exported: "mine", counted: "new" }], base)).toMatch(/^it is new/);
  });

  it("knows a kernel that got a make, or lost it, by its export", () => {
    const unnamed = { file: k, exported: "mine", counted: "kernel" };
    const named = { file: k, exported: "mine", make: "mine", counted: "kernel" };
    expect(partner([named], [unnamed])).toBe(0);
    expect(partner([unnamed], [named])).toBe(0);
    expect(partner([{ ...named, exported: "other" }], [unnamed])).toMatch(/^it is new/);
  });

  it("tells kernels of one make apart by their other options, then by file and source, and says when it cannot", () => {
    const two = [
      { file: k, make: "a", chunk: 8 },
      { file: k, make: "a", chunk: 16, source: "t" },
    ];
    expect(partner([{ file: k, make: "a", chunk: 16 }], two)).toBe(1);
    expect(partner([{ file: k, make: "a", chunk: 32, source: "t" }], two)).toBe(1);
    const same = [
      { file: k, make: "a" },
      { file: k, make: "a" },
    ];
    expect(partner([{ file: k, make: "a" }], same)).toMatch(/has 2 kernels .* options \{ make/);
  });

  it("pairs built-in kernels by make, and the one without a make with the one without", () => {
    const base = [{ make: "compiled" }, {}, { make: "graph" }];
    expect(partner([{}], base)).toBe(1);
    expect(partner([{ make: "graph" }], base)).toBe(2);
    expect(partner([{ make: "tile" }], base)).toMatch(/^it is new/);
  });
});

it("headOptions spells a counted make as head does, and leaves a make that the kernel names", () => {
  const head = entry({ file: k, counted: "kernel-2" });
  const base = entry({ file: k, counted: "kernel" });
  const sought = { entry: head, options: { make: "kernel-2" } };
  expect(headOptions(base, { make: "kernel", chunk: 8 }, sought)).toEqual({ make: "kernel-2", chunk: 8 });
  expect(headOptions(base, { make: "own" }, sought)).toEqual({ make: "own" });
});
