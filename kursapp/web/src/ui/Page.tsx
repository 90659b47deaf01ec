import { type ReactNode, useEffect } from 'react'
import css from './Page.module.css'

interface PageProps {
  title: string
  /** One sentence: what this view is for, or how things are. */
  lead?: ReactNode
  /** Actions on the whole view. */
  aside?: ReactNode
  children: ReactNode
}

/** The frame of a view: its one h1, and the title of the document. */
export function Page({ title, lead, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · kursapp`
  }, [title])
  return (
    <div className={css.page}>
      <header className={css.header}>
        <div className={css.heading}>
          <h1>{title}</h1>
          {lead && <p className={css.lead}>{lead}</p>}
        </div>
        {aside && <div className={css.aside}>{aside}</div>}
      </header>
      {children}
    </div>
  )
}
