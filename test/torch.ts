/** Python and torch are optional. */
import { open, type TorchEngine } from "../impls/engines/torch.js";
import { orReason } from "./or-reason.js";

export const torchOrReason = (): Promise<TorchEngine | undefined> => orReason("torch", () => open("cpu"));
