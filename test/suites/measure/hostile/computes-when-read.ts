import { implementation } from "../../../../impls/implementation.js";
import type { Prepared } from "../../../../impls/prepared.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../../impls/ssd/recurrent.cpu.js";

/** A run only notes that there is something to do. */
export default implementation(ssd, "cpu", {
  form: "recurrent",
  source: "does its work when somebody reads",
  rounding: recurrentCpu.rounding,
  async prepare(engine, problem): Promise<Prepared<typeof ssd, void>> {
    const prepared = await recurrentCpu.prepare(engine, problem, {});
    let isDue = false;
    const work = () => {
      if (isDue) prepared.run();
      isDue = false;
    };
    return {
      ...prepared,
      run: () => {
        isDue = true;
      },
      read: () => {
        work();
        return prepared.read();
      },
      inspect: (lanes) => {
        work();
        return prepared.inspect(lanes);
      },
    };
  },
});
