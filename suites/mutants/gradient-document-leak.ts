/** Gradients that go on into the document before, where one begins with a chunk of 16 tokens. */
import { documentsOf } from "../../impls/documents.js";
import { ssdGrad } from "../../impls/ssd_grad/operator.js";
import { recurrentCpu } from "../../impls/ssd_grad/recurrent.cpu.js";
import { materialise, mutate, withInput } from "./mutate.js";

const CHUNK = 16;

export const gradientDocumentLeak = mutate(recurrentCpu, "gradient-document-leak", {
  problem(problem) {
    if (!problem.inputs.documents) return problem as never;
    const { batch, length } = problem.dims;
    const ids = materialise(ssdGrad, problem as never, "documents");
    const data = ids.data.slice();
    for (const [b, row] of documentsOf(ids.data, batch, length).entries()) {
      let id = row[0].id;
      for (const { start, end } of row) {
        // as if the two were one
        if (start > 0 && start % CHUNK !== 0) id++;
        data.fill(id, b * length + start, b * length + end);
      }
    }
    return withInput(problem as never, "documents", { ...ids, data });
  },
});
