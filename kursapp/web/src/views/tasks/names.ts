import type { TaskTexts } from './texts.ts'

/** What a queue is called; one that is not known goes by its own name. */
export const queueName = (name: string, t: TaskTexts): string =>
  (t.queueName as Partial<Record<string, string>>)[name] ?? name
