/* Names of a mesh from what people write: "Größe & Co." becomes groesse_co. Pure. */
const LETTERS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'o', å: 'a', œ: 'oe', ł: 'l', đ: 'd' };

export function nameFrom(text: string, otherwise: string): string {
  const name = text
    .toLowerCase()
    .replace(/[äöüßæøåœłđ]/g, (c) => LETTERS[c] ?? c)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[0-9_]+|_+$/g, '')
    .replace(/_v\d+$/, '')
    .slice(0, 60)
    .replace(/_+$/, '');
  return name || otherwise;
}

export const isName = (text: string): boolean => /^[a-z][a-z0-9_]*$/.test(text) && !text.includes('__') && !/_v\d+$/.test(text);
