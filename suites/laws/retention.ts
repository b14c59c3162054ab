import { inputReader } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import { READY, specs } from "../problems/arbitrary.js";
import { heldToClosedForm, pairSum } from "./closed-form.js";
import { defineLaw } from "./law.js";

export const retention = defineLaw({
  name: "retention",
  states: "with a constant decay a head, ssd is retention: weights gamma^(t-s)",
  source: "arXiv 2405.21060, section 4.3; Sun et al. (RetNet), arXiv 2307.08621, equation (5)",
  operators: [ssd],
  exact: [],
  cases: () =>
    specs(ssd, {
      ...READY,
      ordinary: true,
      work: 10_000,
      without: ["D", "z", "initialState", ...READY.without!],
    }).map((spec) => ({ spec: { ...spec, decay: "constant" as const, alternative: [] } })),
  holds: ({ spec }, subject) =>
    heldToClosedForm(
      spec,
      subject,
      (problem) => {
        const logA = inputReader(ssd, problem, "logA")!;
        return pairSum(problem, (t, s, h) => Math.exp(logA.at(0, h)) ** (t - s));
      },
      "against sum of gamma^(t-s) (C_t . B_s) x_s",
    ),
});
