import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { embedded } from './scripts/embedded.ts'

// Where the API is while developing: the mock (npm run mock), or a real kursapp.
const api = process.env.KURSAPP_URL ?? 'http://127.0.0.1:8787'
const routes =
  '^/(web|users|cache|comparisons|limits|queues|demo|audit|sessions|profile|password-resets|email-confirmations|api|health|login|logout|openapi|__mock)(/|$|\\?|\\.)'

// The browsers that know light-dark() and CSS nesting, all since May 2024.
const browsers = ['chrome123', 'firefox120', 'safari17.5']

export default defineConfig({
  base: '/ui/',
  plugins: [react(), embedded()],
  build: {
    outDir: '../internal/webui/dist',
    emptyOutDir: false, // embedded() empties it, all but the placeholder
    target: browsers,
    assetsInlineLimit: 0, // the policy forbids data: for all but images
    modulePreload: { polyfill: false },
    manifest: 'manifest.json', // embedded() takes it out again
    reportCompressedSize: false,
  },
  server: { proxy: { [routes]: { target: api, changeOrigin: true } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true },
})
