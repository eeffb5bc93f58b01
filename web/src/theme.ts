// Light or dark: the system's choice, or the reader's for this page. The one in force stands in <html data-theme>.

export type Theme = "auto" | "light" | "dark";

const listeners = new Set<() => void>();
const systemDark = matchMedia("(prefers-color-scheme: dark)");
let chosen: Theme = "auto";

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setTheme(theme: Theme): void {
  chosen = theme;
  apply();
}

function apply(): void {
  const theme = chosen === "auto" ? (systemDark.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset["theme"] = theme;
  for (const listener of listeners) listener();
}

systemDark.addEventListener("change", apply);
apply();
