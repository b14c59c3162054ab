/** The cases of a gate lie on the devices that were named, and on no others. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { implementations } from "../../../impls/index.js";
import { planCases } from "../../../suites/gate/cases.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import type { InventoryEntry } from "../../../suites/processes/protocol.js";
import { root } from "../../scripts/cli.js";
import { labOf } from "./lab.js";

it.each(["cpu", "wasm"])(
  "of tfjs those on %s, where --device says so",
  { timeout: 60_000 },
  async (device) => {
    const child = join(root, "suites/processes/child.ts");
    const host = nodeHost();
    const lab = labOf(host, { base: child, head: child });
    const inventory = implementations.map(
      ({ operator, form, engine }): InventoryEntry => ({
        name: `${operator.name}/${form}.${engine}`,
        costs: [],
      }),
    );
    try {
      const { cases, absent } = await planCases({
        lab,
        impls: implementations,
        entries: engines,
        inventory: { base: inventory, head: inventory },
        follow: (file) => file,
        touched: { all: true, why: "of a test" },
        companions: new Set(),
        onlyUser: false,
        filter: "attention/materialised.tfjs length=512",
        engines: ["tfjs"],
        devices: [device],
        pastIds: [],
      });
      expect(absent).toEqual([]);
      expect(cases.length).toBeGreaterThan(0);
      for (const { id, target } of cases) {
        expect(target.device).toBe(device);
        expect(id).toMatch(new RegExp(` device=${device}$`));
      }
    } finally {
      await host.close();
    }
  },
);
