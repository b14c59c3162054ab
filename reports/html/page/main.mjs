// Runs in report.html. Charts and rows are in the page; nothing is fetched.
import { openLinked, setUpCase } from "./case.mjs";
import { setUpCharts } from "./charts.mjs";
import { restore, setUpTable } from "./table.mjs";
import { setUpTheme } from "./theme.mjs";

setUpTheme();
setUpCase();
setUpTable();
setUpCharts();
openLinked();
addEventListener("hashchange", () => {
  restore();
  openLinked();
});
