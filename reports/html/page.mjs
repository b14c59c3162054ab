// Runs in report.html: theme, interactive charts, sorting and filtering. Charts and rows are in the page; nothing is fetched.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

async function drawCharts() {
  if (typeof vegaEmbed !== "function") return; // the still picture stays
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const source = document.getElementById(`${figure.dataset.chart}-${isDark() ? "dark" : "light"}`);
    const options = {
      mode: "vega-lite",
      renderer: "svg",
      actions: { export: true, source: true, compiled: false, editor: false },
      downloadFileName: figure.dataset.chart,
      theme: undefined,
      tooltip: { theme: isDark() ? "dark" : "light" },
    };
    try {
      await vegaEmbed(figure.querySelector(".live"), JSON.parse(source.textContent), options);
      figure.classList.add("interactive");
    } catch (error) {
      console.error(error);
    }
  }
}

function setUpTheme() {
  const button = document.querySelector("button.theme");
  const name = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
    drawCharts();
  });
  system.addEventListener("change", () => {
    name();
    drawCharts();
  });
  name();
}

function setUpTable() {
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const text = document.getElementById("filter");
  const status = document.getElementById("status");
  const count = document.getElementById("count");

  const filter = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits =
        (!status.value || row.dataset.status === status.value) && wanted.every((w) => words[i].includes(w));
      row.hidden = !fits;
      if (fits) shown++;
    });
    count.textContent = `${shown} of ${rows.length} cases`;
  };
  text.addEventListener("input", filter);
  status.addEventListener("change", filter);
  document.querySelector(".controls").hidden = false;
  filter();

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = head.classList.contains("number");
      const value = (row) => {
        const { v } = row.cells[column].dataset;
        return v === undefined ? undefined : numeric ? Number(v) : v;
      };
      const sorted = rows.toSorted((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined); // empty cells last
        const order = numeric ? x - y : x.localeCompare(y, "en", { numeric: true });
        return down ? -order : order;
      });
      body.append(...sorted);
    });
  });
}

setUpTheme();
setUpTable();
drawCharts();
