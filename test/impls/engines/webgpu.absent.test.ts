/** A machine without a GPU driver: one sentence with what to install, and the other engines go on. */
import { expect, it, vi } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { implementations } from "../../../impls/index.js";
import { chooseSuites } from "../../../suites/index.js";
import { openAndPlan } from "../../../suites/plan/opening.js";
import { planIds } from "../../../suites/plan/plan.js";
import { nodeHost } from "../../../suites/processes/host.node.js";

it("is a sentence, and cpu is planned all the same", async () => {
  // no driver, whatever this machine has
  for (const name of ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]) vi.stubEnv(name, "/nowhere.json");
  const host = nodeHost();
  try {
    const said: string[] = [];
    const { groups } = await openAndPlan(host, {
      ...{ impls: implementations, files: [], grid: "quick", seed: 0, originMs: 0 },
      suites: chooseSuites(["sequence-length"]),
      // as if nobody had named one, of an installation with these two
      entries: engines.filter(({ name }) => name === "webgpu" || name === "cpu"),
      engines: [],
      filter: "ssd/recurrent length=512",
      say: (sentence) => said.push(sentence),
    });
    expect(said).toEqual([
      expect.stringMatching(
        /^engine webgpu is absent: no WebGPU adapter: install a Vulkan driver and loader \(/,
      ),
    ]);
    expect(planIds(groups)).toEqual([expect.stringContaining("ssd/recurrent.cpu")]);
  } finally {
    await host.close();
    vi.unstubAllEnvs();
  }
});
