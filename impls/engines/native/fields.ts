/** The arguments of a kernel, as its C source states them: a struct of words of 8 bytes. */

export interface Field {
  readonly name: string;
  readonly kind: "pointer" | "integer" | "real";
}

const KINDS: Readonly<Record<string, Field["kind"]>> = { int64_t: "integer", double: "real" };

/** The members of `Args` in their order. @throws where a source has none, or one that is no word */
export function argumentFields(source: string): readonly Field[] {
  const found = /typedef struct \{([^}]*)\} Args;/.exec(source);
  if (!found) throw new Error("a native kernel states its arguments as `typedef struct { ... } Args;`");
  const statements = found[1]
    .replace(/\/\/.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
  return statements.flatMap((statement) => {
    const [, type, names] = /^(?:const )?(\w+) (.*)$/s.exec(statement) ?? [];
    return (names ?? "").split(",").map((declared): Field => {
      const [, star, name] = /^(\*?)(\w+)$/.exec(declared.trim()) ?? [];
      const kind = star && type === "float" ? "pointer" : star ? undefined : KINDS[type];
      if (!name || !kind)
        throw new Error(`arguments are float pointers, int64_t and double, got ${type} ${declared.trim()}`);
      return { name, kind };
    });
  });
}

/**
 * The block of arguments, in the order of the struct.
 * @param base what is added to a pointer's value unless that is 0
 * @throws for a member without a value
 */
export function argumentBlock(
  fields: readonly Field[],
  values: Readonly<Record<string, number | undefined>>,
  base: bigint,
): Uint8Array {
  const block = new DataView(new ArrayBuffer(8 * fields.length));
  fields.forEach(({ name, kind }, i) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the kernel's argument ${name} has no value`);
    // both architectures that kernels are written for are little-endian
    if (kind === "real") block.setFloat64(8 * i, value, true);
    else
      block.setBigInt64(
        8 * i,
        kind === "pointer" && value !== 0 ? base + BigInt(value) : BigInt(value),
        true,
      );
  });
  return new Uint8Array(block.buffer);
}
