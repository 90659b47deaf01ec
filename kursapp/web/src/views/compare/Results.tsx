import { Download, Image } from 'lucide-react'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { toast } from '../../ui/toasts.ts'
import { Bars } from './Bars.tsx'
import css from './compare.module.css'
import { csvOf } from './csv.ts'
import { Distribution } from './Distribution.tsx'
import { fileName, save } from './download.ts'
import { Figures } from './Figures.tsx'
import { type Measured, scaleOf } from './model.ts'
import { sentenceOf } from './names.ts'
import { pictureOf } from './picture.ts'
import { useT } from './texts.ts'

/** What a measurement found. */
export function Results({ measured: m, warning }: { measured: Measured; warning?: string | undefined }) {
  const t = useT()
  const f = useFormat()
  const cut = m.ways.some((w) => w.p99 > scaleOf(m.ways))
  const failed = m.ways.reduce((sum, w) => sum + w.errors, 0)
  const conditions = [
    t.at(f.clock(m.at)),
    m.where === 'server' ? t.inServer : t.inBrowser,
    t.parallel(f.int(m.concurrency)),
    ...m.machine,
  ]
  const name = fileName('vergleich', m.at)
  const saveCsv = () => {
    save(new Blob([csvOf(m)], { type: 'text/csv;charset=utf-8' }), `${name}.csv`)
    toast.done(t.saved(`${name}.csv`))
  }
  const savePng = async () => {
    const picture = await pictureOf(m, t, f, conditions.join(' · '))
    if (!picture) return toast.failed(t.saveFailed)
    save(picture, `${name}.png`)
    toast.done(t.saved(`${name}.png`))
  }
  return (
    <>
      <section className={css.result}>
        <p className={css.sentence}>{sentenceOf(m, t, f)}</p>
        <p className={css.conditions}>{conditions.join(' · ')}</p>
        {warning && <p className={css.warning}>{warning}</p>}
        {failed > 0 && <p className={css.warning}>{t.errorsNote(f.int(failed))}</p>}
      </section>
      <div className={css.pair}>
        <Card title={t.bars} hint={cut ? `${t.barsHint} ${t.cutHint}` : t.barsHint}>
          <Bars ways={m.ways} />
        </Card>
        <Card title={t.distribution} hint={t.distributionHint}>
          <Distribution ways={m.ways} />
        </Card>
      </div>
      <Card
        flush
        title={t.table}
        aside={
          <>
            <Button size="small" icon={<Download />} aria-label={t.saveCsv} onClick={saveCsv}>
              {t.csv}
            </Button>
            <Button size="small" icon={<Image />} aria-label={t.savePng} onClick={savePng}>
              {t.png}
            </Button>
          </>
        }
      >
        <Figures ways={m.ways} />
        {m.note && <p className={css.tableNote}>{m.note}</p>}
      </Card>
    </>
  )
}
