package jobs

import "github.com/speedlayer/speedlayer/outbox"

// WelcomeTask is the task of the mail that greets a new user, for [MailQueue]. It is
// committed with the user, and survives a Redis that loses its data.
func WelcomeTask(name, email string) outbox.Task {
	return outbox.Task{
		Queue:   MailQueue,
		Payload: Mail{To: email, Subject: welcomeSubject, Body: welcomeBody(name)},
		Durable: true,
	}
}
