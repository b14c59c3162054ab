import { hostile } from "./wrapped.js";

export default hostile("computes in every fiftieth run", ({ compute, runs }) => {
  if (runs % 50 === 1) compute();
});
