import { hostile } from "./wrapped.js";

export default hostile("loses its device while it is timed", async (engine, _problem, healthy) => {
  const prepared = await healthy();
  let runs = 0;
  return {
    ...prepared,
    run(lane) {
      if (++runs === 2) engine.gpu.device.destroy();
      return prepared.run(lane);
    },
  };
});
