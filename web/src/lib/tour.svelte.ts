/* A walk over the page in a few steps, once for a first visit: whether it is going on, and whether this browser has had it. */
import { router } from './router.svelte';

export interface TourStep {
  /* the page it is told on */
  href: string;
  /* what it is about: the first of these that is in sight */
  target: string;
  title: string;
  text: string;
}

const KEY = 'trellis-tour';

export const STEPS: TourStep[] = [
  { href: '/', target: '[data-questions], [data-north-star], .top', title: 'Begin with a question', text: 'Home says how the mesh is and what changed. Questions that many people have stand ready: one click, and the answer is there.' },
  { href: '/explore', target: '[data-question], main h1', title: 'What, by what, where and when', text: 'Choose a number, divide it by channel or country, over weeks or months. Or write it in plain words in the field above: “cac by channel last month”.' },
  { href: '/explore', target: '[data-why-open], [data-answer], main h1', title: 'Every number explains itself', text: '“Why this number” shows its definition, the figures it is made of, the rows, who owns them and how fresh they are. Words with dots below them explain themselves when you point at them.' },
  { href: '/dashboards', target: 'main h1', title: 'Answers that stay', text: 'Dashboards hold what is looked at every day. Save a question in Explore to find it again, or keep it here for everybody.' },
  { href: '/catalog', target: 'main h1', title: 'What there is, and whose it is', text: 'The catalog holds every product with its owner, its checks and its freshness. Press / anywhere to find anything by its name. This tour is under Help when you want it again.' },
];

function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; /* a browser that keeps nothing is not asked each time */
  }
}

class Tour {
  /* −1: not going on */
  at = $state(-1);
  seen = $state(remembered());

  get step(): TourStep | null {
    return STEPS[this.at] ?? null;
  }
  go(at: number): void {
    const step = STEPS[at];
    if (!step) {
      this.end();
      return;
    }
    this.at = at;
    if (router.path !== step.href) router.go(step.href);
  }
  start(): void {
    this.remember();
    this.go(0);
  }
  end(): void {
    this.at = -1;
    this.remember();
  }
  remember(): void {
    this.seen = true;
    try {
      localStorage.setItem(KEY, new Date().toISOString().slice(0, 10));
    } catch {
      /* then it is offered again */
    }
  }
}
export const tour = new Tour();
