/**
 * Text from outside (file names, config names) as one harmless line: control characters, among them
 * terminal escapes, and characters that turn the writing direction are dropped, runs of white space
 * become one space, and halves of broken surrogate pairs become U+FFFD.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
}
