import type { Texts } from '../../i18n/texts.ts'
import type { de } from './de.ts'

const en: Texts<typeof de> = {
  title: 'Login & sessions',
  lead: 'A session lives in Redis. Once it is deleted there, it is valid nowhere.',
  ways: {
    label: 'What would you like to do?',
    login: 'Log in',
    register: 'Register',
    forgot: 'Forgot password',
  },
  email: 'E-mail address',
  password: 'Password',
  name: 'Name',
  newPassword: 'New password',
  oldPassword: 'Current password',
  passwordHint: '8 to 128 characters, none of the most common passwords.',
  need: {
    email: 'Enter your e-mail address.',
    password: 'Enter your password.',
    name: 'Enter your name.',
    newPassword: 'Enter a new password.',
  },
  remember: 'Stay logged in',
  rememberHint:
    'The session ends after 14 days without use, and after 30 days at the latest. Otherwise after 30 minutes, and after a day at the latest.',
  login: 'Log in',
  forgotten: 'Forgot password?',
  register: 'Create account',
  registered: (name) => `Welcome, ${name}! An e-mail is on its way.`,
  registeredOnly: 'Account created. Log in with it.',
  forgotLead: 'You get a code by e-mail. With it you set a new password.',
  forgot: 'Request a code',
  haveCode: 'I have a code',
  mailbox: 'The mails of the demo are under Tasks',
  another: 'Request another code',
  demo: {
    title: 'Account of the demo',
    text: 'Max is an administrator and may also change roles and end the sessions of others.',
    use: 'Log in as Max',
  },
  how: {
    title: 'What happens at a login',
    steps: [
      'The database checks: the password is compared with its hash.',
      'Redis remembers the session, with an end that moves each time it is used.',
      'The browser gets a cookie. Scripts cannot read it, and nothing is in local storage.',
      'Every further request finds the session in Redis or in the memory of the instance.',
    ].join('\n'),
    more: 'Logging out deletes the entry. That counts at once, on all instances.',
  },
  ended: {
    expired: 'Your session has expired.',
    revoked: 'Your session was ended.',
    hint: {
      expired: 'It was not used for too long, or reached its greatest age.',
      revoked: 'Somebody ended it on another device, or the password or the role was changed.',
    },
  },
  after: 'After the login you go on where you were.',
  unknown: {
    title: 'Redis does not answer',
    hint: 'Nobody knows at the moment whether you are logged in. Your session does not end by that: it goes on once Redis is back.',
  },
  me: {
    title: 'Your session',
    role: { admin: 'Administrator', user: 'User' },
    idle: 'Left without use',
    idleHint: 'Every request moves this end, this display does not.',
    absolute: 'Left at most',
    absoluteHint: (at) => `It ends on ${at}, even while you use it.`,
    since: (at) => `Logged in since ${at}`,
    logout: 'Log out',
    everywhere: 'Log out everywhere',
    account: 'Edit account',
  },
  devices: {
    title: 'Devices',
    hint: (n, one) => (one ? '1 device is logged in' : `${n} devices are logged in`),
    refresh: 'Reload',
    here: 'This device',
    remembered: 'stays logged in',
    unknown: 'Unknown device',
    on: (browser, system) => `${browser} on ${system}`,
    ago: (span) => `last used ${span} ago`,
    now: 'just used',
    began: (at) => `logged in ${at}`,
    left: 'Left without use',
    end: 'Log out',
    endName: (name) => `Log out ${name}`,
    ask: (name) => `Log out ${name}?`,
    askText: 'Whoever works there has to log in again. That counts at once, on all instances.',
    done: (name) => `Logged out: ${name}. The session is valid nowhere.`,
    alone: 'Nobody else is logged in with your account. Log in once more with curl:',
    curl: 'Logging in with curl',
  },
  everywhere: {
    ask: 'Log out everywhere?',
    text: (n, one) =>
      one
        ? 'One other device is logged out. That counts at once, on all instances.'
        : `${n} other devices are logged out. That counts at once, on all instances.`,
    none: 'No other device is logged in.',
    too: 'This device too',
    others: (n, one) => (one ? 'Log out 1 device' : `Log out ${n} devices`),
    all: (n, one) => (one ? 'Log out this device' : `Log out all ${n} devices`),
  },
  change: {
    title: 'Change password',
    hint: 'All other devices are logged out then.',
    action: 'Change password',
    forgot: 'Request a code by e-mail',
  },
}

export default en
