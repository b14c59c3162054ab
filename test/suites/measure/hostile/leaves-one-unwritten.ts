import { hostile } from "./wrapped.js";

export default hostile("leaves one element as it was", ({ compute, Y }) => {
  const before = Y[1234];
  compute();
  Y[1234] = before;
});
