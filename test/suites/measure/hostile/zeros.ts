import { hostile } from "./wrapped.js";

export default hostile("all zero", ({ compute, Y }) => {
  compute();
  Y.fill(0);
});
