/** A machine without a GPU driver: one sentence with what to install, and the other engines go on. */
import { expect, it } from "vitest";
import { bench } from "../../scripts/cli.js";

// no driver, whatever this machine has
const env = { VK_ICD_FILENAMES: "/nowhere.json", VK_DRIVER_FILES: "/nowhere.json" };

it("is a sentence, and cpu is listed all the same", async () => {
  const { code, stdout, stderr } = await bench(["--list", "--filter", "ssd/recurrent length=512"], { env });
  expect(stderr).toMatch(/webgpu is absent: no WebGPU adapter: install a Vulkan driver and loader \(/);
  expect(stderr.split("\n").filter((line) => line.startsWith("dualbench: engine webgpu is"))).toHaveLength(1);
  expect(stdout).toContain("ssd/recurrent.cpu");
  expect(stdout).not.toContain("webgpu");
  expect(code).toBe(0);
});
