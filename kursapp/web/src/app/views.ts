import {
  BookUser,
  Database,
  Gauge,
  KeyRound,
  LayoutDashboard,
  ListChecks,
  ScrollText,
  Timer,
} from 'lucide-react'
import { type ComponentType, lazy } from 'react'
import type { Me } from '../api/types.ts'

export type ViewName = 'overview' | 'cache' | 'compare' | 'login' | 'limits' | 'tasks' | 'users' | 'audit'

export interface View {
  name: ViewName
  path: string
  icon: ComponentType
  /** Who may see it: everybody, or whoever may operate. */
  open: boolean
  Component: ComponentType
}

// A view is a folder with an index.tsx that exports it as default. One that is not there
// yet is not in the navigation.
const found = import.meta.glob<{ default: ComponentType }>('../views/*/index.tsx')

const all: Omit<View, 'Component'>[] = [
  { name: 'overview', path: '/', icon: LayoutDashboard, open: false },
  { name: 'cache', path: '/cache', icon: Database, open: false },
  { name: 'compare', path: '/vergleich', icon: Gauge, open: false },
  { name: 'login', path: '/anmeldung', icon: KeyRound, open: true },
  { name: 'limits', path: '/limits', icon: Timer, open: true },
  { name: 'tasks', path: '/aufgaben', icon: ListChecks, open: false },
  { name: 'users', path: '/benutzer', icon: BookUser, open: true },
  { name: 'audit', path: '/protokoll', icon: ScrollText, open: false },
]

export const views: View[] = all.flatMap((view) => {
  const load = found[`../views/${view.name}/index.tsx`]
  return load ? [{ ...view, Component: lazy(load) }] : []
})

export const maySee = (view: View, me: Me | undefined): boolean => view.open || me?.may.operate === true
