/** A decode step reads its output from the state before the token was added: the next token is right, this one lacks itself. */
import { recurrentCpu } from "../../impls/ssd_decode/recurrent.cpu.js";
import { mapValues } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const readsOldState = mutate(recurrentCpu, "reads-old-state", {
  async spoil(engine, problem, { Y }) {
    const nothing = mapValues(materialise(recurrentCpu.operator, problem, "B"), () => 0);
    const without = withInput(problem, "B", nothing) as typeof problem;
    const before = await recurrentCpu.prepare(engine, without, {});
    const old = await before.read();
    return () => {
      before.run(undefined);
      Y.set(old.Y);
    };
  },
});
