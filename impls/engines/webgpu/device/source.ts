import { loadText } from "./assets.js";
import { chooseWgsl, unrollWgsl, wgslHeader } from "./wgsl.js";

export type Dtype = "f32" | "f16";

/** A text that goes to the compiler as it is. */
export interface WholeText {
  readonly text: string;
  /** Where it came from, for messages. */
  readonly file: string;
  readonly entryPoint?: string;
}

/** A kernel of ours, or a user's text. */
export type AnySource = KernelSource | WholeText;

export interface KernelSource {
  readonly url: URL;
  /** Declarations that several kernels have in common, put in front. */
  readonly shared?: readonly URL[];
  readonly dtype: Dtype;
  readonly flags?: readonly string[];
  /** Tile sizes, written as `const NAME` in front of the text: unlike overrides they may size arrays in registers. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Names of types, written as `alias NAME`. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly subgroups?: boolean;
  readonly matrix?: boolean;
  readonly entryPoint?: string;
}

/** WGSL as it goes to the compiler: chosen, unrolled, behind what it shares with other kernels. */
export async function kernelText(source: AnySource): Promise<string> {
  if ("text" in source) return source.text;
  const { shared = [], url, dtype, flags = [], constants = {} } = source;
  const texts = await Promise.all([...shared, url].map(loadText));
  const chosen = chooseWgsl(texts.join("\n"), new Set([...flags, dtype]));
  return wgslHeader(source) + unrollWgsl(chosen, constants, flags.includes("rolled"));
}
