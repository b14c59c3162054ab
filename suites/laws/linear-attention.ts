import { ssd } from "../../impls/ssd/index.js";
import { READY, specs } from "../problems/arbitrary.js";
import { cumulativeSum, heldToClosedForm } from "./closed-form.js";
import { defineLaw } from "./law.js";

export const linearAttention = defineLaw({
  name: "linear-attention",
  states: "without decay (logA = 0) ssd is linear attention, a cumulative sum",
  source: "arXiv 2405.21060, section 4.1; Katharopoulos et al., arXiv 2006.16236, equation (11)",
  operators: [ssd],
  exact: [],
  cases: () =>
    specs(ssd, {
      ...READY,
      ordinary: true,
      work: 20_000,
      without: ["D", "z", "initialState", ...READY.without!],
    }).map((spec) => ({ spec: { ...spec, decay: "none" as const, alternative: [] } })),
  holds: ({ spec }, subject) => heldToClosedForm(spec, subject, cumulativeSum, "against the cumulative sum"),
});
