/** SVG to PDF by pdfmake: vectors, fonts embedded as subsets, text that can be selected, the page exactly as large as the picture. */
import type { TDocumentDefinitions } from "pdfmake/interfaces.js";
import { FONT_FILES, missingCharacters } from "../font.js";
import { FONT } from "../theme.js";

const FAMILY = FONT.split(",")[0];
/** Names inside the two files, as a PDF writes them. */
const FACES = ["DejaVuSansCondensed", "DejaVuSansCondensed-Bold"];

/** A PDF that would not show what the SVG shows, in one sentence. */
export class PdfError extends Error {
  override readonly name = "PdfError";
}

export interface PdfPage {
  readonly widthPt: number;
  readonly heightPt: number;
  readonly title: string;
}

let library: Promise<typeof import("pdfmake")> | undefined;

/** Loaded when the first PDF is asked for: it takes a third of a second. */
async function pdfmake() {
  library ??= import("pdfmake").then((module) => {
    const made = module.default;
    const [normal, bold] = FONT_FILES;
    made.addFonts({ [FAMILY]: { normal, bold, italics: normal, bolditalics: bold } });
    made.setUrlAccessPolicy(() => false);
    made.setLocalAccessPolicy((path) => (FONT_FILES as readonly string[]).includes(path));
    return made;
  });
  return library;
}

/** The same bytes for the same picture. @throws PdfError where a face or a character would be replaced by another */
export async function renderPdf(svg: string, { widthPt, heightPt, title }: PdfPage): Promise<Uint8Array> {
  refuseFallback(svg, title);
  const document: TDocumentDefinitions = {
    version: "1.7",
    info: { title, creationDate: new Date(0) },
    pageSize: { width: widthPt, height: heightPt },
    pageMargins: 0,
    defaultStyle: { font: FAMILY },
    content: [{ svg: inOneFace(svg), width: widthPt }],
  };
  const bytes = await (await pdfmake()).createPdf(document).getBuffer();
  const strange = facesOf(bytes).filter((face) => !FACES.includes(face));
  if (strange.length > 0)
    throw new PdfError(`the PDF of ${title} fell back to ${strange.join(", ")} instead of ${FAMILY}`);
  return bytes;
}

/** What is not ours would be set in ours without a word, and a character that it lacks as an empty box. */
function refuseFallback(svg: string, title: string): void {
  const faces = [...svg.matchAll(/ font-family="([^"]*)"/g)].map(([, face]) => face);
  const strange = faces.find((face) => face !== FONT && face !== FAMILY);
  if (strange !== undefined)
    throw new PdfError(
      `${title} asks for the face ${strange}, which is not here: figures are set in ${FAMILY}`,
    );
  const words = svg.replace(/<[^>]*>/g, "").replace(/\s|&\w+;/g, "");
  const missing = missingCharacters(words);
  if (missing.length > 0)
    throw new PdfError(
      `${title} has ${missing.map((one) => `"${one}"`).join(", ")}, for which ${FAMILY} has no shape`,
    );
}

/** A list of faces that begins with one that is not ours would be set in pdfmake's default, which has fewer characters. */
function inOneFace(svg: string): string {
  return svg.replaceAll(`font-family="${FONT}"`, `font-family="${FAMILY}"`);
}

/** The faces that a PDF's text is set in, without the tag of the subset. */
export function facesOf(pdf: Uint8Array): string[] {
  const text = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength).toString("latin1");
  const names = [...text.matchAll(/\/BaseFont\s*\/([^\s/<>[\]()]+)/g)].map(([, name]) => name);
  return [...new Set(names.map((name) => name.replace(/^[A-Z]{6}\+/, "")))];
}
