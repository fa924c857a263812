/* The stream of events, kept while the page is open: the newest few hundred, how many came while it was paused, whether the line is up. */
import type { LiveEvent } from './words';

const KEPT = 500;
const SHOW_MS = 200; /* events are drawn together, a few times a second */

export type Line = 'connecting' | 'open' | 'lost';

export class EventStream {
  events = $state.raw<LiveEvent[]>([]); /* newest first */
  waiting = $state(0); /* came while paused */
  missed = $state(0);
  line = $state<Line>('connecting');
  paused = $state(false);
  times = $state.raw<number[]>([]); /* when the last ones came, by this browser's clock */
  #held: LiveEvent[] = [];
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /* null: there is nothing to listen to yet */
  constructor(readonly address: () => string | null) {
    $effect(() => {
      const url = address();
      this.events = [];
      this.#held = [];
      this.waiting = 0;
      if (url === null) return;
      this.#open(url);
      return () => this.#close();
    });
  }

  #open(url: string): void {
    this.line = 'connecting';
    const source = new EventSource(url);
    this.#source = source;
    source.onopen = () => (this.line = 'open');
    source.onerror = () => (this.line = 'lost'); /* the browser tries again by itself */
    source.onmessage = (m) => this.#take(JSON.parse(m.data as string) as LiveEvent);
    source.addEventListener('missed', (m) => (this.missed += (JSON.parse((m as MessageEvent<string>).data) as { missed: number }).missed));
    source.addEventListener('busy', () => (this.line = 'lost'));
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #take(e: LiveEvent): void {
    this.#held.push(e);
    if (this.#held.length > KEPT) this.#held.splice(0, this.#held.length - KEPT);
    this.#timer ??= setTimeout(() => this.#show(), SHOW_MS);
  }

  #show(): void {
    this.#timer = null;
    const now = Date.now();
    const fresh = this.#held.length - this.waiting;
    this.times = [...this.times.filter((t) => now - t < 60_000), ...new Array<number>(Math.max(0, fresh)).fill(now)];
    if (this.paused) {
      this.waiting = this.#held.length;
      return;
    }
    this.#flush();
  }

  #flush(): void {
    this.events = [...this.#held.reverse(), ...this.events].slice(0, KEPT);
    this.#held = [];
    this.waiting = 0;
  }

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
    this.#flush();
  }
}
