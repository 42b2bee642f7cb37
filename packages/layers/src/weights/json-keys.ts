/**
 * The first key that an object in a JSON text gives twice, or undefined. `JSON.parse` keeps the last
 * one silently, so that two readers could see two different files.
 * @param text valid JSON.
 */
export function duplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '{') open.push(new Set());
    else if (c === '}') open.pop();
    else if (c === '"') {
      const end = endOfString(text, i);
      if (isColonNext(text, end)) {
        const key = String(JSON.parse(text.slice(i, end)));
        const seen = open.at(-1)!;
        if (seen.has(key)) return key;
        seen.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** Index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isColonNext(text: string, from: number): boolean {
  let i = from;
  while (' \t\n\r'.includes(text[i] ?? 'end')) i++;
  return text[i] === ':';
}
