/* Light or dark: the reader's system decides until the reader does. */
export type Theme = 'light' | 'dark';
const KEY = 'trellis-theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme | null {
  try {
    const v = localStorage.getItem(KEY);
    return v === 'light' || v === 'dark' ? v : null;
  } catch {
    return null; /* storage may be forbidden */
  }
}

class ThemeChoice {
  #chosen = $state<Theme | null>(stored());
  #system = $state<Theme>(system.matches ? 'dark' : 'light');

  constructor() {
    system.addEventListener('change', (e) => {
      this.#system = e.matches ? 'dark' : 'light';
      this.#apply();
    });
    this.#apply();
  }
  get current(): Theme {
    return this.#chosen ?? this.#system;
  }
  toggle(): void {
    const next = this.current === 'dark' ? 'light' : 'dark';
    this.#chosen = next === this.#system ? null : next;
    try {
      if (this.#chosen) localStorage.setItem(KEY, this.#chosen);
      else localStorage.removeItem(KEY);
    } catch {
      /* the choice then lasts as long as the page */
    }
    this.#apply();
  }
  #apply(): void {
    document.documentElement.dataset.theme = this.current;
  }
}

export const theme = new ThemeChoice();
