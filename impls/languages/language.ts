/**
 * A language in which somebody may write a kernel without TypeScript: one file, with a header. What a language adds to the header, and
 * how its engine prepares such a file, stand in a file of its own beside this one; index.ts lists them.
 */
import type { EngineName } from "../engines/index.js";
import type { AnyImplementation, Implementation } from "../implementation.js";
import type { AnyOperator, Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import { givenTo, optionsFor } from "./choices.js";
import type { Comments } from "./comment.js";
import type { Scope } from "./expression.js";
import type { Fields, Keys, Page } from "./fields.js";
import { type Header, type Refusal, readHeader, scopeOf } from "./header.js";
import { roundingOf } from "./rounding.js";

/** A file that was read. */
export interface Kernel<Own> extends Page {
  readonly header: Header;
  /** What the language's own keys say. */
  readonly own: Own;
  /** What the names of the header's expressions stand for. */
  scope(problem: Problem, options: Options): Scope;
  /** The options of a case with the kernel's own numbers. */
  given(options: Options): Readonly<Record<string, number | string>>;
  /** What the header says it does not take, as a sentence. */
  refusal(problem: Problem, options: Options): string | undefined;
}

interface LanguageBody<E extends EngineName, Own> {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly engine: E;
  readonly comments: Comments;
  /** Keys of its headers beside those of all. */
  readonly keys: Keys;
  /** Roundoff of an f32 sum on the engine; 2^-24 by default, which is round to nearest. */
  readonly f32?: number;
  /** Reads those keys. `fields.fail` says what is wrong with one. */
  read(fields: Fields, header: Header): Own;
  /** What is the language's own of an implementation; the header gives the rest, unless it stands here. */
  body(
    kernel: Kernel<Own>,
  ): Pick<Implementation<AnyOperator, E>, "prepare"> & Partial<Implementation<AnyOperator, E>>;
}

export interface Language {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly engine: EngineName;
  /** @param file its path, as sentences name it. @throws Error with `file:line: ` and what is wrong with its header */
  implementation(file: string, text: string): AnyImplementation;
}

export function language<E extends EngineName, Own>(body: LanguageBody<E, Own>): Language {
  const { name, extensions, engine, comments, keys, f32 = 2 ** -24 } = body;
  return {
    name,
    extensions,
    engine,
    implementation(file, text) {
      const { header, fields } = readHeader({ file, text, language: name, engine, comments, keys });
      const { operator, form, source, dtypes, rounding, nonFinite, unsupported } = header;
      const kernel: Kernel<Own> = {
        ...{ file, text, header, own: body.read(fields, header) },
        scope: (problem, options) => scopeOf(header, problem, options),
        given: (options) => givenTo(header.choices, options),
        refusal(problem, options) {
          const scope = scopeOf(header, problem, options);
          const hit = unsupported.find(({ when }) => when.valueIn(scope) !== 0);
          return hit && refusal(hit, scope);
        },
      };
      const common: Omit<Implementation<AnyOperator, E>, "prepare"> = {
        ...{ operator, form, engine, source, dtypes },
        ...(nonFinite && { nonFinite }),
        options: (problem) => optionsFor(header.choices, operator, problem),
        rounding: (problem, options) => roundingOf(rounding, problem, kernel.scope(problem, options), f32),
        unsupported: kernel.refusal,
      };
      return { ...common, ...body.body(kernel) };
    },
  };
}

/** A header's own words, else what it does not take and what was got. */
function refusal({ when, because }: Refusal, scope: Scope): string {
  const got = when.names.map((name) => `${name}=${scope[name]}`).join(" ");
  if (because !== undefined) return `${because}, got ${got}`;
  return when.text === when.names[0] ? `takes no ${when.text}` : `does not take ${when.text}, got ${got}`;
}
