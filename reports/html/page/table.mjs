// All cases: filtered, sorted, and written a window at a time, because no reader looks at thousands of lines.
import { filterWords, wordMatches } from "../../rows/filter.mjs";
import { openCase } from "./case.mjs";
import { columns, csvText, ids, keys, nameOf, statuses } from "./data.mjs";
import { readState, stateLink, writeState } from "./state.mjs";

const WINDOW = 100;
const table = document.getElementById("rows");
const [text, status, count, fault, more] = ["filter", "status", "count", "fault", "more"].map((id) =>
  document.getElementById(id),
);
const heads = [...table.tHead.rows[0].cells];

let shown = [];
let written = 0;

function unknownKey(key) {
  return keys.includes(key) ? undefined : `there is no key ${key}; there are ${keys.join(", ")}`;
}

/** All cases that fit, or what is wrong with the filter. */
function fitting() {
  const words = filterWords(text.value, unknownKey);
  return ids.flatMap((id, i) =>
    (!status.value || statuses[i] === status.value) &&
    words.every((some) => some.some((word) => wordMatches(word, id)))
      ? [i]
      : [],
  );
}

/** "Median" ascending, "-Median" descending. */
function sorting() {
  const sort = readState()?.sort ?? "";
  const down = sort.startsWith("-");
  const column = columns.findIndex(({ title }) => title === sort.slice(down ? 1 : 0));
  return { column, down };
}

function inOrder(cases) {
  const { column, down } = sorting();
  heads.forEach((head, i) => {
    if (i === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  if (column < 0) return cases;
  const { numeric, value } = columns[column];
  const empty = (i) => value[i] === null || value[i] === "";
  return cases.toSorted((a, b) => {
    if (empty(a) || empty(b)) return empty(a) - empty(b); // empty cells last
    const order = numeric ? value[a] - value[b] : value[a].localeCompare(value[b], "en", { numeric: true });
    return down ? -order : order;
  });
}

function cell(column, i) {
  const made = document.createElement("td");
  if (column.numeric) made.className = "number";
  if (column.title === "Status") made.className = statuses[i];
  if (column.title !== "Case") {
    made.textContent = column.text[i];
    return made;
  }
  const link = document.createElement("a");
  link.href = stateLink({ case: nameOf(i) });
  link.textContent = ids[i];
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openCase(i);
  });
  made.append(link);
  return made;
}

function line(i) {
  const row = document.createElement("tr");
  row.append(...columns.map((column) => cell(column, i)));
  return row;
}

function writeMore(most = WINDOW) {
  const next = shown.slice(written, written + most);
  table.tBodies[0].append(...next.map(line));
  written += next.length;
  more.hidden = written >= shown.length;
}

export function update() {
  fault.textContent = "";
  text.removeAttribute("aria-invalid");
  try {
    shown = inOrder(fitting());
  } catch (error) {
    // what was shown before stays until the word is whole
    fault.textContent = error.message;
    text.setAttribute("aria-invalid", "true");
    return;
  }
  table.tBodies[0].replaceChildren();
  written = 0;
  writeMore();
  count.textContent = `${shown.length} of ${ids.length} cases`;
}

/** Takes filter, status and order from the address. */
export function restore() {
  const state = readState();
  if (!state) return;
  text.value = state.filter;
  status.value = [...status.options].some(({ value }) => value === state.status) ? state.status : "";
  update();
}

function setUpSorting() {
  for (const [i, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const { title } = columns[i];
      writeState({ sort: readState()?.sort === title ? `-${title}` : title });
      update();
    });
  }
}

export function setUpTable() {
  for (const [input, key] of [
    [text, "filter"],
    [status, "status"],
  ])
    input.addEventListener("input", () => {
      writeState({ [key]: input.value });
      update();
    });
  setUpSorting();
  document.querySelector(".controls").hidden = false;
  more.addEventListener("click", () => writeMore());
  new IntersectionObserver(([{ isIntersecting }]) => {
    if (isIntersecting && written > 0 && written < shown.length) writeMore();
  }).observe(more);
  addEventListener("beforeprint", () => writeMore(shown.length));
  const link = document.querySelector("a.csv");
  link.addEventListener("click", () => {
    link.href = URL.createObjectURL(new Blob([csvText()], { type: "text/csv" }));
  });
  restore();
}
