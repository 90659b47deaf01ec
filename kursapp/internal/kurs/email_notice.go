package kurs

import "github.com/speedlayer/speedlayer/outbox"

// EmailNotice makes the task that tells somebody of a new address, from the user as it
// was before: its name and address of then.
type EmailNotice func(before User) outbox.Task

// EmailNotices returns the tasks of a change from before to after. Where the address is
// the same there are none. Another spelling is another address here too: whoever reads
// the mails of the one may not be who reads those of the other.
func EmailNotices(before, after User, notices []EmailNotice) []outbox.Task {
	if before.Email == after.Email {
		return nil
	}
	tasks := make([]outbox.Task, len(notices))
	for i, notice := range notices {
		tasks[i] = notice(before)
	}
	return tasks
}

// tellOldAddress is what every change of an address has to store with it.
func (u *Users) tellOldAddress() []EmailNotice {
	if u.emailChanged == nil {
		return nil
	}
	return []EmailNotice{func(before User) outbox.Task { return u.emailChanged(before.Name, before.Email) }}
}
