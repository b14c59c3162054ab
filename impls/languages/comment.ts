/** Where a source file holds its header: the JSON after the word `dualbench` in a docstring or comment. */

/** How a language writes what its compiler skips. */
export interface Comments {
  /** What makes the rest of a line a comment. */
  readonly line: string;
  /** Pairs of what opens and closes a comment, or a docstring, of several lines. */
  readonly blocks: readonly (readonly [open: string, close: string])[];
  /** Quotes of strings that are no docstrings: what looks like a comment in them is none. */
  readonly quotes: readonly string[];
}

export const pythonComments: Comments = {
  line: "#",
  blocks: [
    ['"""', '"""'],
    ["'''", "'''"],
  ],
  quotes: ['"', "'"],
};

export const cComments: Comments = { line: "//", blocks: [["/*", "*/"]], quotes: ['"', "'"] };

export interface FoundHeader {
  /** The file with everything blanked that is no text of that comment: places in it are places in the file. */
  readonly text: string;
  /** Where the JSON begins. */
  readonly at: number;
}

/** @returns undefined where no comment holds the word with a brace after it */
export function findHeader(source: string, comments: Comments): FoundHeader | undefined {
  for (const { 0: all, index } of source.matchAll(pieces(comments))) {
    const inside = textOfComment(all, comments);
    const found = inside && /\bdualbench\b[\s:=]*(?=\{)/.exec(inside);
    if (!found) continue;
    const text = blank(source.slice(0, index)) + inside;
    return { text, at: index + found.index + found[0].length };
  }
  return undefined;
}

/** Comments, docstrings and strings, the longest reading first; comments of one line that follow each other are one. */
function pieces({ line, blocks, quotes }: Comments): RegExp {
  const block = blocks.map(([open, close]) => `${escaped(open)}[^]*?${escaped(close)}`);
  const mark = escaped(line);
  const lines = `${mark}[^\\n]*(?:\\n[ \\t]*${mark}[^\\n]*)*`;
  const strings = quotes.map((quote) => `${quote}(?:\\\\.|[^\\\\\\n${quote}])*${quote}`);
  return new RegExp([...block, lines, ...strings].join("|"), "g");
}

/** A comment without its marks, in as many characters; undefined for a string. */
function textOfComment(all: string, { line, blocks }: Comments): string | undefined {
  const block = blocks.find(([open]) => all.startsWith(open));
  if (block) {
    const [open, close] = block;
    const inside = all.slice(open.length, -close.length);
    // a star at the start of a line is the comment's own, as in this one
    const bare = open === "/*" ? inside.replace(/^[ \t]*\*(?!\/)/gm, blank) : inside;
    return blank(open) + bare;
  }
  if (!all.startsWith(line)) return undefined;
  return all.replace(new RegExp(`^[ \\t]*${escaped(line)}+`, "gm"), blank);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
