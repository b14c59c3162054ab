/** Implementations as a parent knows them: those of a user are loaded in children only, where whatever a module does costs that child. */
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations, operatorNamed } from "../../impls/index.js";
import { parseCaseName } from "../../reports/rows/case-id.js";
import { cameFrom } from "./origin.js";
import type { InventoryEntry } from "./protocol.js";

/** All built-in implementations, then stand-ins for the user's, in the order of the process that listed them. */
export function listed(entries: readonly InventoryEntry[]): AnyImplementation[] {
  return [...implementations, ...entries.filter(({ origin }) => origin !== undefined).map(standIn)];
}

/** What planning asks of an implementation. */
function standIn({
  name,
  source = "",
  dtypes,
  bitwise,
  nonFinite,
  origin,
}: InventoryEntry): AnyImplementation {
  const { operator, form, engine } = parseCaseName(name);
  const elsewhere = () => {
    throw new Error(`${name} of ${origin?.file} is loaded in children only`);
  };
  const impl = {
    operator: operatorNamed(operator),
    form: form as AnyImplementation["form"],
    engine: engine as AnyImplementation["engine"],
    source,
    ...(dtypes === undefined ? {} : { dtypes }),
    ...(bitwise === undefined ? {} : { bitwise }),
    ...(nonFinite === undefined ? {} : { nonFinite }),
    rounding: elsewhere,
    prepare: elsewhere,
  };
  return origin === undefined ? impl : cameFrom(impl, origin);
}
