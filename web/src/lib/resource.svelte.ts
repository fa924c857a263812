/* Something fetched that follows what the page shows: a new key aborts the request under way and keeps the old
 * answer on screen until the new one is there. */
import { untrack } from 'svelte';
import { ApiError, isAbort } from './api';

export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);
  loading = $state(true);
  #again = $state(0);

  /* Call while a component is being set up. A null key means "not yet". `keep`: an error leaves the old answer. */
  constructor(key: () => string | null, load: (signal: AbortSignal) => Promise<T>, keep = false) {
    $effect(() => {
      const k = key();
      void this.#again;
      if (k === null) return;
      const controller = new AbortController();
      untrack(() => {
        this.loading = true;
        load(controller.signal).then(
          (data) => {
            if (controller.signal.aborted) return;
            this.data = data;
            this.error = undefined;
            this.loading = false;
          },
          (e: unknown) => {
            if (controller.signal.aborted || isAbort(e)) return;
            this.error = toApiError(e);
            if (!keep) this.data = undefined;
            this.loading = false;
          },
        );
      });
      return () => controller.abort();
    });
  }

  reload(): void {
    this.#again += 1;
  }
}

export function toApiError(e: unknown): ApiError {
  if (e instanceof ApiError) return e;
  return new ApiError(e instanceof Error ? e.message : String(e), 0, 'PAGE');
}
