export type Way = 'login' | 'register' | 'forgot'

/** Which form the URL asks for. */
export function wayOf(form: string | null): Way {
  if (form === 'registrieren') return 'register'
  return form === 'vergessen' ? 'forgot' : 'login'
}

/** How the URL asks for a form; undefined for the one that needs no asking. */
export const inUrl: Record<Way, string | undefined> = {
  login: undefined,
  register: 'registrieren',
  forgot: 'vergessen',
}

/** Where to go on after the login: a page of this dashboard, and nothing else that a link may say. */
export function goOn(next: string | null): string | undefined {
  if (!next || !/^\/[a-z]*(\?|$)/.test(next) || next.startsWith('/anmeldung')) return undefined
  return next
}
