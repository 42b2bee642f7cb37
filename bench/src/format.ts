/** A table in Markdown, its first column to the left. */
export function table(header: readonly string[], body: readonly (readonly string[])[]): string[] {
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)];
}

/** Three significant digits, without an exponent. */
export const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

/** How busy others kept the machine, and whether that was too busy. */
export const busyText = (share: number) =>
  `others took ${(100 * share).toFixed(0)} % of the cores before the start${share > 0.1 ? ': not idle' : ''}`;

/** `2026-01-02 03:04` of a date as ISO writes it. */
export const minuteOf = (date: string) => date.slice(0, 16).replace('T', ' ');
