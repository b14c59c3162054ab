/** What the pool does before it starts a process. */
import { expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { candidatesOf, EnginePool } from "../../../suites/processes/engine-pool.js";
import type { Host } from "../../../suites/processes/host.js";
import { nodeHost } from "../../../suites/processes/host.node.js";

it("starts no process for an engine whose package is not installed, and says what adds it", async () => {
  const looked: string[] = [];
  const host: Pick<Host, "start" | "hasPackage"> = {
    start: () => {
      throw new Error("a process was started");
    },
    hasPackage: (name) => {
      looked.push(name);
      return false;
    },
  };
  const pool = new EnginePool(host as Host, [], 0);
  const { targets, absent } = await pool.discover(
    candidatesOf(engines, ["onnxruntime", "jaxjs"], () => true),
  );
  expect(targets).toEqual([]);
  expect(looked).toEqual(["onnxruntime-node", "@jax-js/jax"]);
  expect(absent.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^onnxruntime-node is not installed; to add it: .*npm install .*onnxruntime-node@/),
    expect.stringMatching(/^jax-js is not installed; to add it: npm install .*@jax-js\/jax@/),
  ]);
});

it("takes a package that is installed for present, whether it can be required or only imported", async () => {
  const host = nodeHost();
  // vega exports nothing to require
  expect(["fast-check", "vega", "no-such-package"].map((name) => host.hasPackage?.(name))).toEqual([
    true,
    true,
    false,
  ]);
  await host.close();
});
