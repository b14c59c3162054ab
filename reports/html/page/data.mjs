// The cases, as reports/html/data.ts packs them, and results.csv.
const packed = JSON.parse(document.getElementById("cases").textContent);

/** One text a case: words that repeat are stored once. */
function texts(column) {
  return Array.isArray(column) ? column : column.at.map((i) => column.words[i]);
}

export const columns = packed.columns.map(({ title, numeric, text, value }) => {
  const shown = texts(text);
  return { title, numeric, text: shown, value: value ?? shown };
});

const column = (title) => columns.find((one) => one.title === title).text;
export const suites = column("Suite");
export const ids = column("Case");
export const devices = column("Device");
export const statuses = column("Status");
export const keys = packed.keys;
const commands = texts(packed.commands);

/** The case id stands in the command where the pack has a zero. */
export const commandOf = (i) => commands[i].replaceAll("\0", ids[i]);

/** How a link names a case. */
export const nameOf = (i) => `${suites[i]} ${ids[i]} on ${devices[i]}`;

/** The case that a link names, or a point of a chart by its id: -1 where there is none. */
export function caseNamed(name) {
  const exact = ids.findIndex((_, i) => nameOf(i) === name);
  return exact >= 0 ? exact : ids.indexOf(name);
}

export const csvText = () => JSON.parse(document.getElementById("csv").textContent);

let records;

/** Names and values of a case in results.csv, without empty ones. */
export function csvFields(i) {
  records ??= parseCsv(csvText());
  return records[0].map((name, k) => [name, records[i + 1][k]]).filter(([, value]) => value !== "");
}

/** RFC 4180. */
function parseCsv(text) {
  const lines = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    lines.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\n") lines.push([]);
    if (end === "") break;
  }
  return lines;
}
