/** Just enough PDF, as pdfkit writes it, to read its page, its fonts and its text: objects, Flate streams, ToUnicode maps. */
import { inflateSync } from "node:zlib";

export interface PdfFacts {
  readonly mediaBox: readonly number[];
  readonly fonts: readonly {
    readonly name: string;
    readonly isEmbedded: boolean;
    readonly isSubset: boolean;
  }[];
  /** One entry a string that is shown, in the order of the page. */
  readonly text: readonly string[];
}

export function readPdf(bytes: Uint8Array): PdfFacts {
  const objects = objectsOf(Buffer.from(bytes).toString("latin1"));
  const page = [...objects.values()].find((body) => /\/Type \/Page\b/.test(body))!;
  const mediaBox = /\/MediaBox \[([^\]]+)\]/.exec(page)![1].trim().split(/\s+/).map(Number);
  const fonts = [...objects.values()].filter((body) => /\/Subtype \/Type0/.test(body));
  return {
    mediaBox,
    fonts: fonts.map((font) => {
      const name = /\/BaseFont \/(\S+)/.exec(font)![1];
      const descendant = object(objects, /\/DescendantFonts \[(\d+) 0 R\]/.exec(font)![1]);
      const descriptor = object(objects, /\/FontDescriptor (\d+) 0 R/.exec(descendant)![1]);
      return {
        name,
        isEmbedded: /\/FontFile[23]? \d+ 0 R/.test(descriptor),
        isSubset: /^[A-Z]{6}\+/.test(name),
      };
    }),
    text: textOf(page, objects),
  };
}

function objectsOf(pdf: string): Map<string, string> {
  return new Map([...pdf.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)].map(([, id, body]) => [id, body]));
}

function object(objects: Map<string, string>, id: string): string {
  return objects.get(id)!;
}

function streamOf(body: string): string {
  const [, raw] = /stream\n([\s\S]*?)\nendstream/.exec(body)!;
  const bytes = Buffer.from(raw, "latin1");
  return (/\/FlateDecode/.test(body) ? inflateSync(bytes) : bytes).toString("latin1");
}

function textOf(page: string, objects: Map<string, string>): string[] {
  const resources = object(objects, /\/Resources (\d+) 0 R/.exec(page)![1]);
  const maps = new Map(
    [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => {
      const font = object(objects, id);
      return [name, unicodeMap(streamOf(object(objects, /\/ToUnicode (\d+) 0 R/.exec(font)![1])))];
    }),
  );
  const content = streamOf(object(objects, /\/Contents (\d+) 0 R/.exec(page)![1]));
  let map = new Map<number, string>();
  const found: string[] = [];
  for (const [, font, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
    if (font) map = maps.get(font)!;
    else if (shown)
      found.push(
        [...shown.matchAll(/<([0-9a-f]*)>/gi)]
          .flatMap(([, hex]) => hex.match(/.{4}/g) ?? [])
          .map((code) => map.get(Number.parseInt(code, 16)) ?? "\ufffd")
          .join(""),
      );
  }
  return found;
}

/** Ranges with a list of texts, as pdfkit writes them. */
function unicodeMap(cmap: string): Map<number, string> {
  const map = new Map<number, string>();
  for (const [, from, , list] of cmap.matchAll(/<([0-9a-f]+)> <([0-9a-f]+)> \[([^\]]*)\]/gi))
    for (const [i, hex] of (list.match(/<[0-9a-f ]*>/gi) ?? []).entries()) {
      const units = hex.match(/[0-9a-f]{4}/gi) ?? [];
      map.set(
        Number.parseInt(from, 16) + i,
        String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))),
      );
    }
  return map;
}
