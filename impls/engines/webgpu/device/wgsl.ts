/**
 * WGSL has no preprocessor, and a binding that a problem does not have (no z, no D) would still count against the adapter's limit
 * of storage buffers. So lines `//#if NAME`, `//#else`, `//#endif` choose code; with all of them ignored a file still reads as WGSL.
 */
export function chooseWgsl(source: string, flags: ReadonlySet<string>): string {
  const keep: boolean[] = [true];
  const out: string[] = [];
  for (const line of source.split("\n")) {
    const word = /^\s*\/\/#(if|else|endif)\s*(!?)(\w*)/.exec(line);
    const top = keep[keep.length - 1] ?? true;
    const above = keep[keep.length - 2] ?? true;
    if (word?.[1] === "if") keep.push(top && flags.has(word[3] ?? "") !== (word[2] === "!"));
    else if (word?.[1] === "else") keep[keep.length - 1] = above && !top;
    else if (word?.[1] === "endif") keep.pop();
    // lines keep their numbers
    out.push(top && !word ? line : "");
  }
  if (keep.length !== 1) throw new Error("WGSL: //#if without //#endif");
  return out.join("\n");
}

/** What stands at the top of a text and must come before all else. */
const DIRECTIVE = /^[ \t]*(enable|requires|diagnostic)\b[^;]*;/gm;

/**
 * A user's text with what a problem decides put in front, on the line where it begins, so that lines keep their numbers: directives (its
 * own too), `elem`, the type that tensors are stored in, and constants.
 */
export function foreignText(
  source: string,
  {
    flags,
    dtype,
    constants,
  }: {
    readonly flags: ReadonlySet<string>;
    readonly dtype: "f32" | "f16";
    readonly constants: Readonly<Record<string, number>>;
  },
): string {
  const chosen = chooseWgsl(source.replaceAll("\r\n", "\n"), flags);
  const own = chosen.match(DIRECTIVE)?.map((text) => text.trim()) ?? [];
  const rest = chosen.replace(DIRECTIVE, (text) => text.replace(/[^\n]/g, " "));
  const half = dtype === "f16" && !own.some((text) => /\bf16\b/.test(text)) ? ["enable f16;"] : [];
  const elem = /\balias\s+elem\b/.test(rest) ? [] : [`alias elem = ${dtype};`];
  const values = Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`);
  return [...half, ...own, ...elem, ...values, rest].join(" ");
}

/**
 * `//#unroll i COUNT` to `//#end` writes its lines COUNT times (a name among the constants), each in a block of its own with
 * `const i`. Matrices of the matrix unit live in arrays that must stay in registers: only a constant index can promise that, and
 * WGSL has no attribute for it. Nests. `rolled` makes ordinary loops instead, for drivers that compile long texts for minutes.
 */
export function unrollWgsl(
  source: string,
  constants: Readonly<Record<string, number>>,
  rolled: boolean,
): string {
  const lines = source.split("\n");
  let at = 0;
  const block = (nested: boolean): string[] => {
    const out: string[] = [];
    for (; at < lines.length; at++) {
      const line = lines[at];
      if (/^\s*\/\/#end\s*$/.test(line)) {
        if (!nested) throw new Error("WGSL: //#end without //#unroll");
        return out;
      }
      const word = /^\s*\/\/#unroll (\w+) (\w+)/.exec(line);
      if (!word) {
        out.push(line);
        continue;
      }
      const [, name, countName] = word;
      const count = constants[countName];
      if (count === undefined) throw new Error(`WGSL: //#unroll needs the constant ${countName}`);
      at++;
      const body = block(true);
      if (rolled) out.push(`for (var ${name} = 0u; ${name} < ${countName}; ${name}++) {`, ...body, "}");
      else for (let i = 0; i < count; i++) out.push(`{ const ${name} = ${i}u;`, ...body, "}");
    }
    if (nested) throw new Error("WGSL: //#unroll without //#end");
    return out;
  };
  return block(false).join("\n");
}

export interface HeaderOptions {
  readonly dtype: "f32" | "f16";
  readonly constants?: Readonly<Record<string, number>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly subgroups?: boolean;
  readonly matrix?: boolean;
}

/** `elem` is the type in which tensors are stored; sums and decays are f32 in every kernel. */
export function wgslHeader({
  dtype,
  constants = {},
  aliases = {},
  subgroups,
  matrix,
}: HeaderOptions): string {
  const lines: string[] = [];
  if (dtype === "f16" || matrix) lines.push("enable f16;");
  if (subgroups || matrix) lines.push("enable subgroups;");
  if (matrix)
    lines.push(
      "enable chromium_experimental_subgroup_matrix;",
      "diagnostic(off, chromium.subgroup_matrix_uniformity);",
    );
  lines.push(`alias elem = ${dtype};`);
  for (const [name, type] of Object.entries(aliases)) lines.push(`alias ${name} = ${type};`);
  for (const [name, value] of Object.entries(constants)) lines.push(`const ${name}: u32 = ${value}u;`);
  return `${lines.join("\n")}\n`;
}
