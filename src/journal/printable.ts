/** A text of a sender for a terminal: as it is where it is one word, else quoted, with everything else than ASCII escaped. */
export function printable(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
