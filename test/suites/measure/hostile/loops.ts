import { hostile } from "./wrapped.js";

export default hostile("loops for ever", ({ Y }) => {
  for (let i = 0; ; i++) Y[0] = i;
});
