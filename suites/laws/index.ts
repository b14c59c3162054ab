/** Every law, the comparison with the reference first. */
import { formsAgree } from "./forms-agree.js";
import type { AnyLaw } from "./law.js";

export const laws: readonly AnyLaw[] = [formsAgree];
