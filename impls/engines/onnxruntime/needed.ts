import type { OptionalPackage } from "../optional-package.js";

/** 291 MB; its install script downloads CUDA libraries unless it is told not to, see ../README.md. */
export const onnxruntimeNode: OptionalPackage = {
  name: "onnxruntime-node",
  called: "onnxruntime-node",
  install: "ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save --save-prod onnxruntime-node@1.30.0",
};
