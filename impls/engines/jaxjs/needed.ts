import type { OptionalPackage } from "../optional-package.js";

export const jaxJs: OptionalPackage = {
  name: "@jax-js/jax",
  called: "jax-js",
  install: "npm install --no-save --save-prod @jax-js/jax@0.1.25",
};
