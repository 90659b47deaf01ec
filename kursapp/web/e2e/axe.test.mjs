// No finding of axe in any view, theme and language.
import { through } from './axe-runs.mjs'
import { check, demo } from './harness.mjs'

check('axe finds nothing in any view in German', (t) => through(t, demo))
// The colours are the same in both languages.
check('axe finds nothing in any view in English', (t) =>
  through(t, demo, { lang: 'en', themes: [['light', undefined]] }),
)
