import type { FieldError, Problem } from './types.ts'

/** What the server refused, in the person's language. */
export class ApiError extends Error {
  readonly status: number
  readonly title: string
  readonly fields: FieldError[]
  readonly policies: string[]
  /** Milliseconds until another try is worth it; undefined where the server did not say. */
  readonly retryAfter: number | undefined
  readonly requestId: string | undefined
  readonly headers: Headers

  constructor(problem: Problem, headers: Headers) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
    this.status = problem.status
    this.title = problem.title
    this.fields = problem.errors ?? []
    this.policies = problem['violated-policies'] ?? []
    const seconds = Number(headers.get('Retry-After'))
    this.retryAfter = headers.has('Retry-After') && Number.isFinite(seconds) ? seconds * 1000 : undefined
    this.requestId = headers.get('X-Request-Id') ?? undefined
    this.headers = headers
  }

  /** What is wrong with one field of the body, '' where nothing is. */
  field(name: string): string {
    return this.fields.find((f) => f.location === `body.${name}` || f.location === name)?.message ?? ''
  }
}

/** No answer at all: the server is gone, or something on the way to it. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super('no answer', { cause })
    this.name = 'NetworkError'
  }
}

/** An answer that is not what the contract says. */
export class UnreadableError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`unreadable answer with status ${status}`)
    this.name = 'UnreadableError'
    this.status = status
  }
}
