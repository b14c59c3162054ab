/**
 * GPU hardware by the files that show it, where no driver has spoken: a machine with a card whose driver cannot load must not be taken
 * for one without. Linux only; elsewhere the system brings the driver with the card.
 */
import { builtin } from "../../platform.js";

/** Where to look; tests have a tree of their own. */
export interface Machine {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Unusable {
  /** What was found, in words. */
  readonly gpu: string;
  /** Files that its driver needs and that are not there, each with the package that brings it. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly what: string;
  /** Debian's name. */
  readonly from: string;
}

type Vendor = "NVIDIA" | "AMD" | "Intel" | "other";

/** PCI numbers of vendors whose GPUs compute. */
const VENDORS: Readonly<Record<string, Vendor>> = {
  "0x10de": "NVIDIA",
  "0x1002": "AMD",
  "0x8086": "Intel",
};
/** Emulated displays, and those of servers' consoles. */
const DISPLAYS = ["0x1234", "0x1af4", "0x15ad", "0x1b36", "0x1013", "0x1a03", "0x102b", "0x1414", "0x80ee"];
const DISPLAY_DRIVERS = ["vgem", "vkms", "simpledrm"];

const LIBRARIES = [
  "usr/lib/x86_64-linux-gnu",
  "usr/lib/aarch64-linux-gnu",
  "lib/x86_64-linux-gnu",
  "lib/aarch64-linux-gnu",
  "usr/lib64",
  "usr/lib",
  "usr/local/nvidia/lib64",
  "usr/local/nvidia/lib",
];
const DRIVER_FILES = [
  "etc/vulkan/icd.d",
  "usr/share/vulkan/icd.d",
  "usr/local/share/vulkan/icd.d",
  "usr/local/nvidia",
  "usr/local/nvidia/vulkan/icd.d",
  "usr/local/nvidia/share/vulkan/icd.d",
];

/** The dispatch libraries through which NVIDIA's driver is reached, whether or not anything is shown. */
export const DISPATCH = [
  { what: "libGLdispatch.so.0", from: "libglvnd0" },
  { what: "libGLX.so.0", from: "libglx0" },
  { what: "libEGL.so.1", from: "libegl1" },
  { what: "libGL.so.1", from: "libgl1" },
  { what: "libX11.so.6", from: "libx11-6" },
  { what: "libXext.so.6", from: "libxext6" },
] as const;

/** GPU hardware of this machine and what its driver lacks; undefined where there is none. Asked when no driver gave an adapter. */
export function gpuHardware(machine: Machine = { root: "/", env: process.env }): Unusable | undefined {
  if (process.platform !== "linux") return undefined;
  const files = filesOf(machine);
  const found = deviceFile(files) ?? driverOf(files);
  if (!found) return undefined;
  const loader = files.library("libvulkan.so.1") ? [] : [{ what: "libvulkan.so.1", from: "libvulkan1" }];
  const { vendor, evidence } = found;
  return {
    gpu: `${vendor === "other" ? "a GPU" : `a GPU of ${vendor}`} (${evidence})`,
    missing: [...driverLacks(vendor, files), ...loader],
  };
}

/** One sentence: what is there, what is missing, what brings it. */
export function unusable({ gpu, missing }: Unusable): string {
  const packages = [...new Set(missing.map(({ from }) => from))].join(" ");
  const why =
    missing.length > 0
      ? `missing: ${missing.map(({ what }) => what).join(", ")}; install what brings them (Debian: ${packages})`
      : "its driver is there and gives no adapter; vulkaninfo (Debian: vulkan-tools) tells more";
  return `this machine has ${gpu} that WebGPU cannot use: ${why}; --device swiftshader asks for the software adapter`;
}

interface Found {
  readonly vendor: Vendor;
  readonly evidence: string;
}

type Files = ReturnType<typeof filesOf>;

function filesOf({ root, env }: Machine) {
  const { existsSync, readdirSync, readFileSync, readlinkSync } = builtin("node:fs");
  const { basename, join } = builtin("node:path");
  const at = (path: string) => join(root, path);
  const names = (folder: string): string[] => {
    try {
      return readdirSync(at(folder)).sort();
    } catch {
      return [];
    }
  };
  const attempt = (read: () => string): string | undefined => {
    try {
      return read().trim();
    } catch {
      return undefined;
    }
  };
  const own = (env.LD_LIBRARY_PATH ?? "").split(":").filter((folder) => folder !== "");
  const named = (env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES ?? "").split(":").filter((file) => file !== "");
  return {
    names,
    has: (path: string) => existsSync(at(path)),
    text: (path: string) => attempt(() => readFileSync(at(path), "utf8")),
    linked: (path: string) => attempt(() => basename(readlinkSync(at(path)))),
    library: (name: string) =>
      [...LIBRARIES.map(at), ...own].some((folder) => existsSync(join(folder, name))),
    /** Names of drivers that a Vulkan loader would find. */
    drivers: () => [...DRIVER_FILES.flatMap(names), ...named.map((file) => basename(file))],
  };
}

function deviceFile(files: Files): Found | undefined {
  const card = files.names("dev").find((name) => /^nvidia\d+$/.test(name));
  if (card) return { vendor: "NVIDIA", evidence: `/dev/${card}` };
  const [bus] = files.names("proc/driver/nvidia/gpus");
  if (bus) return { vendor: "NVIDIA", evidence: `/proc/driver/nvidia/gpus/${bus}` };
  for (const node of files.names("dev/dri")) {
    const id = files.text(`sys/class/drm/${node}/device/vendor`);
    const driver = files.linked(`sys/class/drm/${node}/device/driver`);
    if ((id && DISPLAYS.includes(id)) || (driver && DISPLAY_DRIVERS.includes(driver))) continue;
    const vendor = (id && VENDORS[id]) || "other";
    // what only shows a picture has no render node
    if (node.startsWith("renderD") || (node.startsWith("card") && vendor !== "other"))
      return { vendor, evidence: `/dev/dri/${node}` };
  }
  if (files.has("dev/kfd")) return { vendor: "AMD", evidence: "/dev/kfd" };
  if (files.has("dev/dxg")) return { vendor: "other", evidence: "/dev/dxg" };
  return undefined;
}

/** NVIDIA's driver is installed for a card only; Mesa's drivers lie on many machines without any. */
function driverOf(files: Files): Found | undefined {
  const library = ["libGLX_nvidia.so.0", "libcuda.so.1"].find((name) => files.library(name));
  const description = files.drivers().find((name) => /^nvidia.*\.json$/.test(name));
  const evidence = library ?? description;
  return evidence === undefined ? undefined : { vendor: "NVIDIA", evidence: `its driver's ${evidence}` };
}

function driverLacks(vendor: Vendor, files: Files): Missing[] {
  const described = (pattern: RegExp) => files.drivers().some((name) => pattern.test(name));
  if (vendor !== "NVIDIA") {
    const pattern = { AMD: /^(radeon|amd)/, Intel: /^intel/, other: /^(?!lvp)/ }[vendor];
    return described(pattern)
      ? []
      : [{ what: "a Vulkan driver and its ICD file", from: "mesa-vulkan-drivers" }];
  }
  const driver = "the NVIDIA driver itself; in a container NVIDIA_DRIVER_CAPABILITIES=all";
  return [
    ...(files.library("libGLX_nvidia.so.0") ? [] : [{ what: "libGLX_nvidia.so.0", from: driver }]),
    ...(described(/^nvidia.*\.json$/) ? [] : [{ what: "its ICD file nvidia_icd.json", from: driver }]),
    ...DISPATCH.filter(({ what }) => !files.library(what)),
  ];
}
