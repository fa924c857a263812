/* A file for who looks at the page: bytes, or an address that holds them. */
export function saveFile(what: Blob | string, name: string): void {
  const link = document.createElement('a');
  link.href = typeof what === 'string' ? what : URL.createObjectURL(what);
  link.download = name;
  link.click();
  if (typeof what !== 'string') setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
