/** What colours stand for: who answered, and whether all is well. */
export type Tone = 'local' | 'redis' | 'database' | 'stale' | 'error' | 'bypass'

/** Each tone's glyph, for those who do not see the colour. */
export const glyph: Record<Tone, string> = {
  local: '✓✓',
  redis: '✓',
  database: '↓',
  stale: '◷',
  error: '✕',
  bypass: '⤳',
}

/** Each tier's dash in charts: [line, gap], empty for a solid line. */
export const dash: Record<'local' | 'redis' | 'database', number[]> = {
  local: [],
  redis: [6, 3],
  database: [2, 3],
}

/** A tone's colour as CSS. */
export const colour = (tone: Tone): string => `var(--${tone})`
