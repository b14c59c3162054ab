/** A machine with a GPU is told from one without by its files; each case is a small tree of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gpuHardware, unusable } from "../../../../../impls/engines/webgpu/device/hardware.js";
import { open } from "../../../../../impls/engines/webgpu.js";

const scratch = mkdtempSync(join(tmpdir(), "hardware-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let trees = 0;
function machine(files: readonly string[], env: Record<string, string> = {}) {
  const root = join(scratch, String(trees++));
  mkdirSync(root);
  for (const entry of files) {
    const [file, text = ""] = entry.split("=");
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return { root, env };
}

const LIB = "usr/lib/x86_64-linux-gnu";
const ICD = "usr/share/vulkan/icd.d";
const LOADER = `${LIB}/libvulkan.so.1`;
const NVIDIA = ["dev/nvidia0", `${LIB}/libGLX_nvidia.so.0`, `${ICD}/nvidia_icd.json`, LOADER];
const DISPATCH = [
  "libGLdispatch.so.0",
  "libGLX.so.0",
  "libEGL.so.1",
  "libGL.so.1",
  "libX11.so.6",
  "libXext.so.6",
];

describe.runIf(process.platform === "linux")("GPU hardware", () => {
  it.each([
    ["an empty machine", []],
    ["Mesa's drivers without a card", [`${ICD}/lvp_icd.json`, `${ICD}/radeon_icd.x86_64.json`, LOADER]],
    [
      "a display of a virtual machine",
      [
        "dev/dri/card0",
        "dev/dri/renderD128",
        "sys/class/drm/renderD128/device/vendor=0x1af4\n",
        "sys/class/drm/card0/device/vendor=0x1234\n",
      ],
    ],
    ["a server's console", ["dev/dri/card0", "sys/class/drm/card0/device/vendor=0x1a03\n"]],
    ["control nodes without a card", ["dev/nvidiactl", "dev/nvidia-uvm"]],
  ])("is not seen in %s", (_name, files) => {
    expect(gpuHardware(machine(files))).toBeUndefined();
  });

  it.each([
    ["a card whose driver lacks the dispatch libraries", NVIDIA, "a GPU of NVIDIA (/dev/nvidia0)", DISPATCH],
    [
      "a card without any driver",
      ["dev/nvidia3"],
      "(/dev/nvidia3)",
      ["libGLX_nvidia.so.0", "its ICD file nvidia_icd.json", ...DISPATCH, "libvulkan.so.1"],
    ],
    [
      "a kernel driver with a card",
      ["proc/driver/nvidia/gpus/0000:01:00.0/information"],
      "gpus/0000:01:00.0",
      ["libGLX_nvidia.so.0", "its ICD file nvidia_icd.json", ...DISPATCH, "libvulkan.so.1"],
    ],
    [
      "a driver's library alone",
      [`${LIB}/libcuda.so.1`, LOADER, ...DISPATCH.map((name) => `${LIB}/${name}`)],
      "its driver's libcuda.so.1",
      ["libGLX_nvidia.so.0", "its ICD file nvidia_icd.json"],
    ],
    [
      "a driver's ICD file alone",
      ["etc/vulkan/icd.d/nvidia_icd.json", LOADER, ...DISPATCH.map((name) => `usr/lib64/${name}`)],
      "its driver's nvidia_icd.json",
      ["libGLX_nvidia.so.0"],
    ],
    [
      "an AMD card without Mesa",
      ["dev/dri/renderD128", "sys/class/drm/renderD128/device/vendor=0x1002\n", LOADER],
      "a GPU of AMD (/dev/dri/renderD128)",
      ["a Vulkan driver and its ICD file"],
    ],
    [
      "an Intel card with another one's driver",
      ["dev/dri/card1", "sys/class/drm/card1/device/vendor=0x8086\n", `${ICD}/radeon_icd.json`, LOADER],
      "a GPU of Intel (/dev/dri/card1)",
      ["a Vulkan driver and its ICD file"],
    ],
    [
      "a card without number",
      ["dev/dri/renderD129", LOADER],
      "a GPU (/dev/dri/renderD129)",
      ["a Vulkan driver and its ICD file"],
    ],
    [
      "a card with its driver",
      [
        "dev/dri/renderD128",
        "sys/class/drm/renderD128/device/vendor=0x8086\n",
        `${ICD}/intel_icd.x86_64.json`,
        LOADER,
      ],
      "a GPU of Intel",
      [],
    ],
  ])("is seen in %s, with what is missing", (_name, files, gpu, missing) => {
    const found = gpuHardware(machine(files))!;
    expect(found.gpu).toContain(gpu);
    expect(found.missing.map(({ what }) => what)).toEqual(missing);
    expect(unusable(found)).toMatch(
      /^this machine has a GPU.* that WebGPU cannot use: .*--device swiftshader/,
    );
  });

  it("finds libraries where the environment says, and names their packages", () => {
    const elsewhere = machine(DISPATCH);
    const found = gpuHardware(machine(NVIDIA, { LD_LIBRARY_PATH: elsewhere.root }))!;
    expect(found.missing).toEqual([]);
    expect(unusable(found)).toContain("vulkaninfo");
    expect(unusable(gpuHardware(machine(NVIDIA))!)).toContain(
      "(Debian: libglvnd0 libglx0 libegl1 libgl1 libx11-6 libxext6)",
    );
  });

  it("is refused where it cannot be used, whoever asks, and where there is none the software adapter is told", async () => {
    // an ICD file that is not there: no driver can load, as on a host whose libraries are missing
    process.env.VK_ICD_FILENAMES = join(scratch, "none.json");
    for (const named of [true, false])
      await expect(open(undefined, { named, machine: machine(NVIDIA) })).rejects.toThrow(
        /this machine has a GPU of NVIDIA .*missing: libGLdispatch\.so\.0.*--device swiftshader/,
      );
    const engine = await open(undefined, { named: true, machine: machine([]) });
    try {
      expect(engine.device.kind).toBe("software");
      expect(engine.device.warning).toMatch(
        /^no GPU is here, so it runs on swiftshader.*computes on the CPU/,
      );
    } finally {
      await engine.close();
    }
  }, 60_000);
});
