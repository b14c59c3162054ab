/**
 * dualbench as a library: verify a kernel of your own, time two forms against each other, read the rows.
 * Run it with `node --import tsx examples/library.ts` in this repository, or copy it into a project that has `dualbench` installed.
 */
import { f32Rounding, implementation, type Row, runSuite, ssd, verifyImplementation } from "dualbench";

/** The recurrence of the paper, as short as it can be written (f32 sums in float64 registers). */
export const plainRecurrence = implementation(ssd, "cpu", {
  form: "recurrent",
  source: "arXiv 2405.21060, equation (1)",
  rounding: () => f32Rounding(0),
  unsupported: ({ inputs }) =>
    inputs.dt || inputs.D || inputs.z || inputs.initialState ? "takes no optional inputs" : undefined,
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { X, logA, B, C } = engine.inputs(ssd, problem);
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState: S } = outputs;
    return engine.prepared(ssd, problem, outputs, () => {
      S.fill(0);
      for (let row = 0; row < batch * length; row++)
        for (let h = 0; h < heads; h++) {
          const group = (row * groups + Math.floor((h * groups) / heads)) * state;
          const decay = Math.exp(logA[row * heads + h]);
          for (let p = 0; p < headDim; p++) {
            const channel = (Math.floor(row / length) * heads + h) * headDim + p;
            let y = 0;
            for (let n = 0; n < state; n++) {
              const s = channel * state + n;
              S[s] = decay * S[s] + X[(row * heads + h) * headDim + p] * B[group + n];
              y += S[s] * C[group + n];
            }
            Y[(row * heads + h) * headDim + p] = y;
          }
        }
    });
  },
});

/** Worst error of the kernel above in units of its derived bound; at most 1, or it is wrong. */
export async function worstError(cases: number): Promise<number> {
  const { ok, table, failures } = await verifyImplementation(plainRecurrence, { cases });
  if (!ok) throw new Error(failures.flatMap(({ counterexample }) => counterexample).join("\n"));
  return Math.max(...table.map(({ worst }) => worst));
}

/** Median times of ssd on the cpu engine at one length, by form. */
export async function timesByForm(length: number): Promise<Map<string, number>> {
  const { rows } = await runSuite({
    suites: ["sequence-length"],
    engines: ["cpu"],
    filter: `ssd/ length=${length}`,
  });
  const measured = rows.filter(
    (row): row is Extract<Row, { status: "measured" }> => row.status === "measured",
  );
  return new Map(measured.map(({ form, medianNs }) => [form, medianNs]));
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].replaceAll("\\", "/"))) {
  console.log(`worst error: ${(await worstError(50)).toPrecision(2)} of the bound`);
  for (const [form, ns] of await timesByForm(512)) console.log(`${form}: ${(ns / 1e6).toPrecision(3)} ms`);
}
