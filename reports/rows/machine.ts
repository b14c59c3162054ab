/** Machines of one kind: what two of them must have in common for their times to stand in one curve. */
import { z } from "zod";

const known = z.object({
  cpu: z.object({
    model: z.string().nullable(),
    cores: z.number(),
    quotaCores: z.number().nullable().optional(),
    flags: z.string().nullable().optional(),
  }),
  os: z.object({ platform: z.string(), arch: z.string(), host: z.string().optional() }),
  gpus: z.array(z.object({ model: z.string().nullable() })).optional(),
  node: z.object({ version: z.string() }).optional(),
});

/** In words; an environment without these facts is a kind of its own. */
export function machineKind(environment: unknown): string {
  const parsed = known.safeParse(environment);
  if (!parsed.success) return "an unknown machine";
  const { cpu, os } = parsed.data;
  const quota = cpu.quotaCores ? ` (quota ${cpu.quotaCores})` : "";
  const parts = [cpu.model ?? "unknown CPU", `${cpu.cores} cores${quota}`, `${os.platform} ${os.arch}`];
  return [...parts, ...gpusOf(environment)].join(", ");
}

/** What tells an environment from another one, in words that name it: "host a", "Node v20.1.0". */
type Facts = Readonly<Record<"machine" | "gpus" | "host" | "node" | "flags", string | undefined>>;

function factsOf(environment: unknown): Facts {
  const parsed = known.safeParse(environment);
  const gpus = gpusOf(environment).join(", ");
  const own = machineKind(environment);
  const machine = gpus === "" ? own : own.slice(0, -gpus.length - 2);
  if (!parsed.success)
    return { machine, gpus: undefined, host: undefined, node: undefined, flags: undefined };
  const { os, node, cpu } = parsed.data;
  return {
    machine,
    // a system whose tools answered late told none: its rows name the GPU themselves
    gpus: gpus === "" ? undefined : gpus,
    host: os.host && `host ${os.host}`,
    node: node && `Node ${node.version}`,
    flags: cpu.flags ? `CPU flags ${cpu.flags}` : undefined,
  };
}

function gpusOf(environment: unknown): string[] {
  const { data } = known.safeParse(environment);
  return (data?.gpus ?? []).flatMap(({ model }) => model ?? []);
}

/**
 * What is different, e.g. "Node v22.1.0, not Node v20.1.0"; nothing where two environments may stand in one curve. Facts that one of
 * them does not tell are not held against it.
 */
export function differencesOf(one: unknown, other: unknown): string[] {
  const [here, there] = [factsOf(one), factsOf(other)];
  const keys = Object.keys(here) as (keyof Facts)[];
  return keys.flatMap((key) =>
    here[key] !== undefined && there[key] !== undefined && here[key] !== there[key]
      ? [`${here[key]}, not ${there[key]}`]
      : [],
  );
}

/** A short name for each of several environments, by that alone in which they differ. */
export function namesOf(environments: readonly unknown[]): string[] {
  const facts = shortFlags(environments.map(factsOf));
  const keys = (["host", "machine", "gpus", "node", "flags"] as const).filter(
    (key) => new Set(facts.map((one) => one[key])).size > 1,
  );
  const names = facts.map((one) => keys.flatMap((key) => one[key] ?? []).join(", "));
  return names.map((name, i) =>
    name === "" || names.indexOf(name) !== i ? `${name} environment ${i + 1}`.trim() : name,
  );
}

/** Of dozens of flags those that not all have. */
function shortFlags(facts: readonly Facts[]): Facts[] {
  const all = facts.map(({ flags }) => flags?.replace("CPU flags ", "").split(" ") ?? []);
  return facts.map((one, i) => {
    const own = all[i].filter((flag) => !all.every((other) => other.includes(flag)));
    if (one.flags === undefined) return one;
    return { ...one, flags: own.length === 0 ? "fewer CPU flags" : `with ${own.slice(0, 4).join(" ")}` };
  });
}

/** WebGPU names an adapter nvidia-h200 that CUDA calls NVIDIA H200: one device, as its maker writes it, with capitals. */
export function oneSpelling<R extends { readonly device: string }>(rows: readonly R[]): R[] {
  const spellings = new Map<string, string>();
  for (const { device } of rows) {
    const key = sameDevice(device);
    if (!spellings.has(key) || /[A-Z]/.test(device)) spellings.set(key, device);
  }
  return rows.map((row) => {
    const device = spellings.get(sameDevice(row.device))!;
    return device === row.device ? row : { ...row, device };
  });
}

/** What all spellings of a device's name have in common. */
export function sameDevice(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
