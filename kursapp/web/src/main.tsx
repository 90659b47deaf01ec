import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { ApiError } from './api/errors.ts'
import { App } from './app/App.tsx'
import { firstTexts } from './i18n/lang.ts'
import './styles/base.css'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refuses, it refuses again; what it did not answer may come back.
      retry: (count, error) => !(error instanceof ApiError) && count < 2,
      retryDelay: (count) => 500 * 2 ** count,
      refetchOnWindowFocus: true,
      staleTime: 5000,
      // The demo works without a network: the browser's opinion about it does not count.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

const root = document.getElementById('root')
if (root) {
  await firstTexts()
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Router base="/ui">
          <App />
        </Router>
      </QueryClientProvider>
    </StrictMode>,
  )
}
