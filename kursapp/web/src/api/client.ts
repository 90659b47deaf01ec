import { currentLang } from '../i18n/lang.ts'
import { ApiError, NetworkError, UnreadableError } from './errors.ts'
import { noteReach } from './reach.ts'
import type { Problem } from './types.ts'

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** An answer with what stands around its body. `ms` is how long the browser waited. */
export interface Answer<T> {
  data: T
  status: number
  headers: Headers
  ms: number
  /** performance.now() when the request went out and when the answer was there. */
  sentAt: number
  gotAt: number
}

/**
 * Asks the API. Throws ApiError for what the server refuses, NetworkError where it does
 * not answer, and the signal's reason where the caller gave up.
 */
export async function ask<T>(path: string, a: Ask = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { 'Accept-Language': currentLang(), ...a.headers }
  if (a.body !== undefined) headers['Content-Type'] = 'application/json'
  const sentAt = performance.now()
  let response: Response
  try {
    response = await fetch(path, {
      method: a.method ?? 'GET',
      headers,
      // The cache mode is the default on purpose: with no-store and the like a browser sends
      // Cache-Control: no-cache, which bypasses the very cache that the page shows. What must
      // not be kept, the server says itself; what may, it is asked about each time.
      credentials: 'same-origin',
      ...(a.body !== undefined && { body: JSON.stringify(a.body) }),
      ...(a.signal && { signal: a.signal }),
    })
  } catch (err) {
    if (a.signal?.aborted) throw err
    noteReach(false)
    throw new NetworkError(err)
  }
  const gotAt = performance.now()
  const data = await body(response, a.signal)
  noteReach(true)
  if (!response.ok) {
    if (isProblem(data)) throw new ApiError(data, response.headers)
    throw new UnreadableError(response.status)
  }
  return {
    data: data as T,
    status: response.status,
    headers: response.headers,
    ms: gotAt - sentAt,
    sentAt,
    gotAt,
  }
}

/** As ask, for whoever needs the body alone. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask<T>(path, { signal })).data
}

export async function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  content?: unknown,
): Promise<T> {
  return (await ask<T>(path, { method, body: content })).data
}

async function body(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (err) {
    if (signal?.aborted) throw err
    noteReach(false)
    throw new NetworkError(err)
  }
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new UnreadableError(response.status)
  }
}

function isProblem(data: unknown): data is Problem {
  return typeof data === 'object' && data !== null && 'detail' in data && 'status' in data
}
