import { problem } from './http.mjs'
import { happened, iso, now, scenario } from './world.mjs'

let next = 1
const tasks = new Map()
const paused = new Set()
const mails = []
const totals = {
  email_queue: { processed: 1284, failed: 12, died: 4 },
  account_mail: { processed: 96, failed: 0, died: 0 },
}
const id = () => `01JDM${String(next++).padStart(8, '0')}`
const states = ['waiting', 'running', 'scheduled', 'retrying', 'dead']

function add(state, more = {}) {
  const task = {
    id: id(),
    queue: 'email_queue',
    type: 'mail',
    state,
    payload: '{"to":"user7@example.com","subject":"Willkommen","body":"Hallo User 7"}',
    size: 71,
    error: '',
    attempts: 0,
    crashes: 0,
    max_attempts: 5,
    created_at: iso(now()),
    ...more,
  }
  tasks.set(task.id, task)
  return task
}

for (let i = 0; i < 4; i++) {
  add('dead', {
    attempts: 5,
    error: '550 5.1.1 mailbox unavailable',
    created_at: iso(now() - 7_200_000 - i * 60_000),
    died_at: iso(now() - 3_600_000 - i * 90_000),
    payload: `{"to":"nobody${i}@example.invalid","subject":"Willkommen","body":"Hallo"}`,
  })
}
for (let i = 0; i < 3; i++) {
  add('retrying', {
    attempts: i + 1,
    error: 'dial tcp 127.0.0.1:25: connection refused',
    due_at: iso(now() + 45_000 * (i + 1)),
    created_at: iso(now() - 400_000),
  })
}
for (let i = 0; i < 26; i++) add('scheduled', { due_at: iso(now() + 600_000 * (i + 1)) })

const of = (queue, state) =>
  [...tasks.values()].filter((t) => t.queue === queue && (!state || t.state === state))

export function allQueues() {
  return ['email_queue', 'account_mail'].map((name) => ({
    name,
    ...Object.fromEntries(states.map((s) => [s, of(name, s).length])),
    latency_ms: of(name, 'waiting').length ? 40 : 0,
    workers: 1,
    paused: paused.has(name),
    ...totals[name],
  }))
}

// A worker: waiting → running → done, or tried again until it is dead.
function work(task) {
  setTimeout(() => {
    if (!tasks.has(task.id) || paused.has(task.queue)) return
    task.state = 'running'
    task.started_at = iso(now())
    task.worker = 'kursapp-1'
    task.attempts += 1
    setTimeout(() => {
      if (!task.broken) {
        tasks.delete(task.id)
        totals[task.queue].processed += 1
        happened('task_done', `${task.queue}/${task.id}`, '', '', 700_000)
        mails.unshift({ ...JSON.parse(task.payload), received_at: iso(now()) })
        return
      }
      task.error = '550 5.1.1 mailbox unavailable'
      totals[task.queue].failed += 1
      if (task.attempts < task.max_attempts) {
        task.state = 'retrying'
        task.due_at = iso(now() + 1500)
        happened('task_failed', `${task.queue}/${task.id}`, '', '', 40_000, task.error)
        setTimeout(() => work(task), 1500)
      } else {
        task.state = 'dead'
        task.died_at = iso(now())
        totals[task.queue].died += 1
        happened('task_dead', `${task.queue}/${task.id}`, '', '', 40_000, task.error)
      }
    }, 700)
  }, 500)
}

function chosen(queue, body) {
  if (body?.ids) return body.ids.map((i) => tasks.get(i)).filter((t) => t && t.queue === queue)
  return of(queue, body?.state)
}

const shown = ({ broken, ...task }) => task

export function routes(on) {
  on('GET', '/queues', (x) =>
    scenario.redis ? x.json(200, { queues: allQueues() }) : problem(x, 503, 'unavailable'),
  )
  on('GET', '/queues/:name/tasks', (x) => {
    if (!scenario.redis) return problem(x, 503, 'unavailable')
    const limit = Number(x.query.get('limit') ?? 20)
    const from = Number(x.query.get('cursor') ?? 0)
    const wanted = x.query.get('state')
    const list = scenario.empty ? [] : wanted ? of(x.name, wanted) : states.flatMap((s) => of(x.name, s))
    x.json(200, {
      tasks: list.slice(from, from + limit).map(shown),
      ...(from + limit < list.length && { next_cursor: String(from + limit) }),
    })
  })
  on('GET', '/queues/:name/tasks/:id', (x) => {
    const t = tasks.get(x.params.id)
    return t ? x.json(200, shown(t)) : problem(x, 404)
  })
  on('POST', '/queues/:name/pause', (x) => {
    paused.add(x.name)
    x.json(200, { message: x.say('Warteschlange angehalten', 'Queue paused') })
  })
  on('POST', '/queues/:name/resume', (x) => {
    paused.delete(x.name)
    for (const t of of(x.name, 'waiting')) work(t)
    x.json(200, { message: x.say('Warteschlange läuft wieder', 'Queue resumed') })
  })
  on('POST', '/queues/:name/retries', (x) => {
    const list = chosen(x.name, x.body).filter((t) => !['running', 'waiting'].includes(t.state))
    for (const t of list) {
      Object.assign(t, { state: 'waiting', attempts: t.state === 'dead' ? 0 : t.attempts })
      work(t)
    }
    x.json(200, { count: list.length })
  })
  on('POST', '/queues/:name/deletions', (x) => {
    const list = chosen(x.name, x.body)
    for (const t of list) tasks.delete(t.id)
    x.json(200, { count: list.length })
  })
  on('POST', '/demo/mails', (x) => {
    const { to = 'max@example.com', subject = 'Test', body = 'Hallo', broken = false } = x.body ?? {}
    const t = add('waiting', {
      payload: broken ? 'kaputt' : JSON.stringify({ to, subject, body }),
      broken,
    })
    work(t)
    x.json(202, { id: t.id })
  })
  on('GET', '/demo/mails', (x) => x.json(200, { mails: scenario.empty ? [] : mails.slice(0, 50) }))
}
