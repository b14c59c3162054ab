/** Every document starts from the row's initial state, which belongs to the first one. */
import { wrongDocuments } from "./wrong-documents.js";

export const initialStateForAll = wrongDocuments("initial-state-for-all", { startsAll: true });
