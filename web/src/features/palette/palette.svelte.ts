/* Whether the search stands open, and with which words. Anything on a page may open it. */
class Palette {
  open = $state(false);
  text = $state('');

  show(text = ''): void {
    this.text = text;
    this.open = true;
  }
  hide(): void {
    this.open = false;
  }
}
export const palette = new Palette();

/* `/` and Ctrl-K open it from everywhere; `/` not where one is writing. */
export function paletteKey(e: KeyboardEvent): void {
  if (e.defaultPrevented || palette.open) return;
  const k = e.key.toLowerCase();
  const writing = (e.target as Element | null)?.closest('input, textarea, select, [contenteditable]') !== null;
  if ((k === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) || (k === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !writing)) {
    if (document.querySelector('dialog[open]')) return;
    e.preventDefault();
    palette.show();
  }
}
