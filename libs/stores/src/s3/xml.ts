/** S3 answers are flat and machine-made: elements without relevant attributes, found by name. */

/** The content of each element of this name. */
export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, 'gs'))].map((match) => match[1]!);
}

/** The text of the first element of this name; undefined if there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const [text] = elementsOf(xml, name);
  return text === undefined
    ? undefined
    : text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex: string, decimal: string, named: string) => {
        if (named !== undefined) return entities.get(named) ?? whole;
        return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
      });
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
