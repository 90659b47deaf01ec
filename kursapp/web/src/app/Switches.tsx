import { setLang, useLang } from '../i18n/lang.ts'
import { useShared } from '../i18n/shared.ts'
import { Segmented } from '../ui/Segmented.tsx'
import { toast } from '../ui/toasts.ts'
import { setTheme, useTheme } from './theme.ts'

export function LanguageSwitch() {
  const t = useShared()
  return (
    <Segmented
      label={t.shell.language}
      value={useLang()}
      onChange={(lang) => setLang(lang).catch(() => toast.failed(t.state.network))}
      options={[
        { value: 'de', label: 'DE' },
        { value: 'en', label: 'EN' },
      ]}
    />
  )
}

export function ThemeSwitch() {
  const t = useShared()
  return (
    <Segmented
      label={t.shell.theme}
      value={useTheme()}
      onChange={setTheme}
      options={[
        { value: 'system', label: 'Auto' },
        { value: 'light', label: t.shell.themes.light },
        { value: 'dark', label: t.shell.themes.dark },
      ]}
    />
  )
}
