// Runs before the first paint, so that a chosen theme never flashes. The names are
// those of src/app/theme.ts and src/i18n/lang.ts.
try {
  const theme = localStorage.getItem('kursapp.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  if (localStorage.getItem('kursapp.lang') === 'en') document.documentElement.lang = 'en'
} catch {
  // Storage is blocked: the system's theme and German.
}
