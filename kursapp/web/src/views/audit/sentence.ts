import type { AuditEntry } from '../../api/types.ts'
import type { Texts } from '../../i18n/texts.ts'
import type { de } from './de.ts'

/** A piece of a sentence: words, or a user to link to. */
export type Piece = { words: string } | { user: number }

type T = Texts<typeof de>
type Template = keyof T['says']

/** What happened, in one sentence. Entries hold no names, so users are numbers. */
export function sentence(
  e: AuditEntry,
  t: T,
  me: number | undefined,
  list: (items: string[]) => string,
): Piece[] {
  const template = templateOf(e, t, me)
  if (!template) return [{ words: e.action }]
  const you = e.actor_id !== undefined && e.actor_id === me
  const text = t.says[template].replace('{who}', you ? t.who.you : t.who.other)
  const words: Record<string, string> = {
    fields: fields(e, t, list),
    from: role(e.detail?.from, t),
    to: role(e.detail?.to, t),
    rule: plain(e.detail?.rule),
    queue: plain(e.detail?.queue),
    count: plain(e.detail?.count),
  }
  return text
    .split(/\{(\w+)\}/)
    .map((part, i): Piece => {
      if (i % 2 === 0) return { words: part }
      if (part === 'actor' && e.actor_id) return { user: e.actor_id }
      if (part === 'subject' && e.subject_id) return { user: e.subject_id }
      return { words: words[part] ?? '–' }
    })
    .filter((p) => !('words' in p) || p.words !== '')
}

function templateOf(e: AuditEntry, t: T, me: number | undefined): Template | undefined {
  const self = e.actor_id !== undefined && e.actor_id === e.subject_id
  const ways = [
    !e.subject_id && '_unknown',
    !e.actor_id && '_nobody',
    e.actor_id !== undefined && e.actor_id === me && '_you',
    self && '_self',
    '',
  ]
  for (const way of ways) {
    const name = `${e.action}${way || ''}`
    if (way !== false && Object.hasOwn(t.says, name)) return name as Template
  }
  return undefined
}

function fields(e: AuditEntry, t: T, list: (items: string[]) => string): string {
  const changed = Array.isArray(e.detail?.fields) ? e.detail.fields.map(String) : []
  if (changed.length === 0) return t.noFields
  return list(
    changed.map((name) => (Object.hasOwn(t.fields, name) ? t.fields[name as keyof T['fields']] : name)),
  )
}

const plain = (v: unknown) => (typeof v === 'string' || typeof v === 'number' ? String(v) : '–')

const role = (name: unknown, t: T) =>
  name === 'admin' || name === 'user' ? t.roles[name] : String(name ?? '–')
