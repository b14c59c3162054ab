// Points of the charts: what each says beside the pointer, or at the one that the keyboard is on; a click opens its case.
import { openCase } from "./case.mjs";
import { caseNamed } from "./data.mjs";

/** Points are small: as near as this counts. */
const NEAR_PX = 16;
const tip = document.getElementById("tip");

function show(point) {
  const { interval, case: id } = point.dataset;
  const lines = [point.getAttribute("aria-label"), interval && `95% interval ${interval}`, id].filter(
    Boolean,
  );
  tip.replaceChildren(
    ...lines.map((text) => Object.assign(document.createElement("div"), { textContent: text })),
  );
  tip.hidden = false;
  const { left, top, width, bottom } = point.getBoundingClientRect();
  const box = tip.getBoundingClientRect();
  const x = Math.min(Math.max(8, left + width / 2 - box.width / 2), innerWidth - box.width - 8);
  const above = top - box.height - 8;
  tip.style.left = `${x}px`;
  tip.style.top = `${above < 8 ? bottom + 8 : above}px`;
}

function hide() {
  tip.hidden = true;
}

/** A ratio stands for two cases: that of SSD is opened. */
function open(point) {
  const i = caseNamed(point.dataset.case.split(" against ")[0]);
  hide();
  if (i >= 0) openCase(i);
}

function middle(point) {
  const { left, top, width, height } = point.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

function nearest(points, x, y) {
  let [best, least] = [undefined, NEAR_PX];
  for (const point of points) {
    const [px, py] = middle(point);
    const far = Math.hypot(px - x, py - y);
    if (far <= least) [best, least] = [point, far];
  }
  return best;
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function byKeyboard(points, event) {
  const at = points.indexOf(event.target);
  if (at < 0) return;
  const { key } = event;
  if (key === "Escape") return hide();
  if (key === "Enter" || key === " ") {
    event.preventDefault();
    return open(event.target);
  }
  const step = STEPS[key] && (at + STEPS[key] + points.length) % points.length;
  const next = key === "Home" ? 0 : key === "End" ? points.length - 1 : step;
  if (next === undefined) return;
  event.preventDefault();
  event.target.setAttribute("tabindex", "-1");
  points[next].setAttribute("tabindex", "0");
  points[next].focus();
}

function setUpChart(svg) {
  const points = [...svg.querySelectorAll("[data-case]")];
  // one stop of the tab key a chart; arrows go from point to point
  for (const [i, point] of points.entries()) {
    point.setAttribute("role", "button");
    point.setAttribute("tabindex", i === 0 ? "0" : "-1");
    point.addEventListener("focus", () => show(point));
    point.addEventListener("blur", hide);
  }
  svg.addEventListener("keydown", (event) => byKeyboard(points, event));
  svg.addEventListener("pointermove", ({ clientX, clientY }) => {
    const point = nearest(points, clientX, clientY);
    svg.classList.toggle("on", point !== undefined);
    if (point) show(point);
    else hide();
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("click", ({ clientX, clientY }) => {
    const point = nearest(points, clientX, clientY);
    if (point) open(point);
  });
}

/** The picture as a file, in the colours of the theme that it is seen in. */
function offer(link, svg) {
  const style = getComputedStyle(document.documentElement);
  const text = svg.outerHTML.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
}

export function setUpCharts() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const svg = figure.querySelector("svg");
    setUpChart(svg);
    const link = figure.querySelector("a.svg");
    link.hidden = false;
    link.addEventListener("click", () => offer(link, svg));
  }
  addEventListener("scroll", hide, { passive: true, capture: true });
}
