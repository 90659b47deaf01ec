// What is said of a session while another view is open.
export const de = {
  expired: 'Deine Sitzung ist abgelaufen. Melde dich neu an.',
  revoked: 'Deine Sitzung wurde beendet. Melde dich neu an.',
}
