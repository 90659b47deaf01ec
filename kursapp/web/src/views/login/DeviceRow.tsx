import { Monitor, Smartphone, Terminal } from 'lucide-react'
import type { Device } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useServerNow } from '../../lib/clock.ts'
import { agentOf } from '../../lib/userAgent.ts'
import { Button } from '../../ui/Button.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { ago, idleTime } from './devices.ts'
import { Lifetime } from './Lifetime.tsx'
import css from './login.module.css'
import { useT } from './texts.ts'

const icons = { computer: Monitor, phone: Smartphone, tool: Terminal }

/** How a person calls a device. */
export function useDeviceName(): (d: Device) => string {
  const t = useT()
  return (d) => {
    const { browser, system } = agentOf(d.user_agent)
    return browser && system ? t.devices.on(browser, system) : browser || system || t.devices.unknown
  }
}

export function DeviceRow({ device, end }: { device: Device; end(): void }) {
  const t = useT()
  const f = useFormat()
  const now = useServerNow()
  const name = useDeviceName()(device)
  const Icon = icons[agentOf(device.user_agent).kind]
  const passed = ago(Date.parse(device.last_seen_at), now, f.span)
  return (
    <li className={css.device}>
      <span className={css.deviceIcon} aria-hidden="true">
        <Icon />
      </span>
      <div className={css.deviceText}>
        <p className={css.deviceName} title={device.user_agent}>
          <span>{name}</span>
          {device.current && <Chip>{t.devices.here}</Chip>}
          {device.remembered && <Chip>{t.devices.remembered}</Chip>}
        </p>
        <p className={css.deviceMore}>
          {passed ? t.devices.ago(passed) : t.devices.now}
          {device.address && ` · ${device.address}`}
          {` · ${t.devices.began(f.dateTime(Date.parse(device.created_at)))}`}
        </p>
      </div>
      <div className={css.deviceLeft}>
        <Lifetime
          label={t.devices.left}
          endsAt={Date.parse(device.expires_at)}
          of={idleTime(device.remembered)}
          small
        />
      </div>
      <Button size="small" aria-label={t.devices.endName(name)} onClick={end}>
        {t.devices.end}
      </Button>
    </li>
  )
}
