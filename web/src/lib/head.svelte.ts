/* What the page of now is called, where its address alone does not say it: a product is called by its title, not its name. */
class Head {
  title = $state<string | null>(null);
}
export const head = new Head();

/* Call while a page is being set up. */
export function titled(title: () => string | null | undefined): void {
  $effect(() => {
    head.title = title() ?? null;
    return () => (head.title = null);
  });
}
