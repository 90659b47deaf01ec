// Package jobs holds the tasks of kursapp, which all are mails, and what sends
// them.
//
//	email_queue   {"to","subject","body"}                     a WelcomeTask, a PasswordChangedTask, an EmailChangedTask, or written by anybody with LPUSH
//	account_mail  {"kind":"confirm_email","user_id","new_email","version"}  written by Confirmations
//	              {"kind":"reset_password","user_id"}                       a PasswordResetTask
//
// Each queue has a handler ([MailHandler], [AccountMailHandler]) that a
// queue.Worker runs. Both hand a finished [Mail] to a [Sender]: [SMTP] in
// production, [Mailbox] in the demo. Where neither is configured, no worker runs
// and the tasks wait.
//
// A mail can go out twice, as every task of package queue can run twice. Both
// copies have the same Message-ID, made from the task's id, by which mail programs
// recognise the second.
//
// Log lines and error texts of this package name no passwords and tokens, and no
// recipients and bodies of mails.
package jobs
