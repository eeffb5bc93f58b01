// Numbers as src/text/units.cc writes them, so that page and terminal say the same.

const units = ["KB", "MB", "GB", "TB", "PB", "EB"];

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.95 && unit + 1 < units.length) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled.toFixed(1)} ${units[unit]}`;
}

export function signedBytes(growth: number): string {
  if (growth === 0) return "±0 B";
  return (growth > 0 ? "+" : "−") + bytes(Math.abs(growth));
}

export function count(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

export function countOf(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function share(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent < 0.05) return "<0.1 %";
  if (part < whole && percent >= 99.95) return ">99.9 %";
  return `${percent.toFixed(1)} %`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

// Control and format characters would break lines or reorder text: shown as "?", as on the terminal.
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, "?");
}
