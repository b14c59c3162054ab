/** A document that begins with a chunk of 16 tokens goes on from the state of the one before it. */
import { wrongDocuments } from "./wrong-documents.js";

export const documentLeak = wrongDocuments("document-leak", { leaksEvery: 16 });
