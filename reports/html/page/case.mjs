// One case: its numbers, the command that repeats it, and a link to it.
import { caseNamed, columns, commandOf, csvFields, ids, nameOf } from "./data.mjs";
import { readState, stateLink, writeState } from "./state.mjs";

const dialog = document.getElementById("case");
const part = (name) => dialog.querySelector(`.${name}`);

function fact(name, value) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = value;
  row.append(head, cell);
  return row;
}

export function openCase(i) {
  const link = stateLink({ case: nameOf(i) });
  part("id").textContent = ids[i];
  part("command").textContent = commandOf(i);
  part("said").textContent = "";
  part("link").href = link;
  part("facts").replaceChildren(
    ...columns
      .filter(({ title, text }) => title !== "Case" && text[i] !== "")
      .map(({ title, text }) => fact(title, text[i])),
  );
  part("all").replaceChildren(...csvFields(i).map(([name, value]) => fact(name, value)));
  writeState({ case: nameOf(i) });
  if (!dialog.open) dialog.showModal();
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // a page without that right selects the text first
    getSelection().selectAllChildren(part("command"));
    if (text !== part("command").textContent || !document.execCommand("copy")) {
      part("said").textContent = "This browser lets no page copy: mark the text and copy it.";
      return;
    }
  }
  part("said").textContent = `${what} copied`;
}

export function setUpCase() {
  part("copy").addEventListener("click", () => copy(part("command").textContent, "Command"));
  part("link").addEventListener("click", (event) => {
    event.preventDefault();
    copy(part("link").href, "Link");
  });
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => writeState({ case: "" }));
}

/** What the address names is opened. */
export function openLinked() {
  const name = readState()?.case;
  const i = name ? caseNamed(name) : -1;
  if (i >= 0) openCase(i);
}
