// Light or dark: what the reader chose last, else what the system says.
const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

export function setUpTheme() {
  const button = document.querySelector("button.theme");
  const name = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("dualbench-theme", root.dataset.theme);
    } catch {
      // a browser that keeps nothing for files forgets it
    }
    name();
  });
  system.addEventListener("change", name);
  name();
}
