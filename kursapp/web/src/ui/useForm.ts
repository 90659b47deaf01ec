import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiError } from '../api/errors.ts'
import { serverNow } from '../lib/clock.ts'
import { useErrorText } from './States.tsx'
import { announce } from './toasts.ts'

/** Says what is wrong with a value before it is sent, '' where nothing is. */
export type Check = (value: string) => string

export interface Form<N extends string> {
  ref: React.RefObject<HTMLFormElement | null>
  onSubmit(e: FormEvent<HTMLFormElement>): void
  /** What a field of the form is given. */
  field(name: N): { name: N; error: string | undefined; onInput(): void }
  /** What is wrong with the whole, '' where nothing is. */
  message: string
  /** Until when on the server's clock another try is of no use; 0 where it is. */
  waitUntil: number
  busy: boolean
}

/**
 * A form whose fields are named as on the wire, so that what the server finds wrong with
 * one stands beside it. Values stay in the fields: nothing renders while somebody types,
 * and passwords are held nowhere else.
 */
export function useForm<N extends string>(
  checks: Record<N, Check>,
  send: (values: Record<N, string>, form: HTMLFormElement) => Promise<void>,
): Form<N> {
  const text = useErrorText()
  const ref = useRef<HTMLFormElement>(null)
  const [errors, setErrors] = useState<Partial<Record<N, string>>>({})
  const [message, setMessage] = useState('')
  const [waitUntil, setWaitUntil] = useState(0)
  const [busy, setBusy] = useState(false)
  const names = Object.keys(checks) as N[]

  // Where something is wrong is where one goes on.
  useEffect(() => {
    if (Object.keys(errors).length > 0)
      ref.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [errors])

  function refuse(wrong: Partial<Record<N, string>>, whole: string) {
    setErrors(wrong)
    setMessage(whole)
    announce([whole, ...(Object.values(wrong) as string[])].filter(Boolean).join(' '))
  }

  async function submit(form: HTMLFormElement) {
    const data = new FormData(form)
    const values = Object.fromEntries(names.map((n) => [n, String(data.get(n) ?? '')])) as Record<N, string>
    const wrong = found(names, (n) => checks[n](values[n]))
    if (Object.keys(wrong).length > 0) return refuse(wrong, '')
    setBusy(true)
    try {
      await send(values, form)
      setErrors({})
      setMessage('')
    } catch (err) {
      const fields = err instanceof ApiError ? found(names, (n) => err.field(n)) : {}
      if (err instanceof ApiError && err.retryAfter) setWaitUntil(serverNow() + err.retryAfter)
      refuse(fields, Object.keys(fields).length > 0 ? '' : text(err))
    } finally {
      setBusy(false)
    }
  }

  return {
    ref,
    onSubmit(e) {
      e.preventDefault()
      if (!busy && serverNow() >= waitUntil) void submit(e.currentTarget)
    },
    field: (name) => ({
      name,
      error: errors[name] || undefined,
      onInput: () => {
        if (errors[name]) setErrors(({ [name]: _, ...rest }) => rest as Partial<Record<N, string>>)
      },
    }),
    message,
    waitUntil,
    busy,
  }
}

function found<N extends string>(names: N[], wrong: (name: N) => string): Partial<Record<N, string>> {
  return Object.fromEntries(names.map((n) => [n, wrong(n)]).filter(([, w]) => w)) as Partial<
    Record<N, string>
  >
}

/** A value must be there. */
export const needed =
  (what: string): Check =>
  (value) =>
    value.trim() ? '' : what
