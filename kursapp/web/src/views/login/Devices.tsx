import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import type { Device, Me, Message } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Code } from '../../ui/Code.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { DeviceRow, useDeviceName } from './DeviceRow.tsx'
import { inOrder } from './devices.ts'
import { Everywhere } from './Everywhere.tsx'
import css from './login.module.css'
import { useT } from './texts.ts'
import { devicesKey, useDevices } from './useDevices.ts'

interface DevicesProps {
  user: NonNullable<Me['user']>
  logout(): void
  demo: boolean
}

/** Where one is logged in, and how to end that. */
export function Devices({ user, logout, demo }: DevicesProps) {
  const t = useT()
  const f = useFormat()
  const text = useErrorText()
  const nameOf = useDeviceName()
  const client = useQueryClient()
  const { data, error, isFetching, refetch } = useDevices()
  const [asked, setAsked] = useState<Device>()
  const [everywhere, setEverywhere] = useState(false)
  const devices = data ? inOrder(data) : []
  const end = useMutation({
    mutationFn: (d: Device) => send<Message>('DELETE', `/sessions/${encodeURIComponent(d.id)}`),
    onSuccess: (_, d) => toast.done(t.devices.done(nameOf(d))),
    onError: (err) => toast.failed(text(err)),
    onSettled: () => {
      setAsked(undefined)
      return client.invalidateQueries({ queryKey: devicesKey })
    },
  })
  return (
    <Card
      title={t.devices.title}
      hint={data && t.devices.hint(f.int(data.length), data.length === 1)}
      aside={
        <>
          <Button
            look="quiet"
            size="small"
            icon={<RotateCw />}
            busy={isFetching}
            aria-label={t.devices.refresh}
            title={t.devices.refresh}
            onClick={() => refetch()}
          />
          <Button
            look="danger"
            size="small"
            disabled={!data}
            onClick={() => {
              void refetch() // the number is what one decides by
              setEverywhere(true)
            }}
          >
            {t.me.everywhere}
          </Button>
        </>
      }
      flush
    >
      {data ? (
        <ul>
          {devices.map((d) => (
            <DeviceRow key={d.id} device={d} end={() => (d.current ? logout() : setAsked(d))} />
          ))}
        </ul>
      ) : error ? (
        <Failed error={error} retry={refetch} />
      ) : (
        <Loading />
      )}
      {data?.length === 1 && demo && (
        <div className={css.alone}>
          <p className={css.note}>{t.devices.alone}</p>
          <Code label={t.devices.curl} text={curl(user.email)} />
        </div>
      )}
      <Confirm
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
        onConfirm={() => asked && end.mutate(asked)}
        title={asked && t.devices.ask(nameOf(asked))}
        action={t.devices.end}
        danger
        busy={end.isPending}
      >
        <p className={css.note}>{t.devices.askText}</p>
      </Confirm>
      <Everywhere
        open={everywhere}
        onClose={() => setEverywhere(false)}
        others={devices.filter((d) => !d.current).length}
        logout={logout}
      />
    </Card>
  )
}

const curl = (email: string) =>
  `curl -X POST ${window.location.origin}/login -H 'Content-Type: application/json' -d '{"email":"${email}","password":"${email === 'max@example.com' ? 'test123' : '…'}"}'`
