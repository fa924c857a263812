import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/* `npm run dev` shows the page against a running `trellis serve`; TRELLIS_URL says where it listens. */
const server = process.env.TRELLIS_URL ?? 'http://127.0.0.1:8080';
const proxied = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/api': proxied, '/healthz': proxied } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
