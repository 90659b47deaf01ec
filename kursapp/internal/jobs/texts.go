package jobs

import (
	"fmt"
	"net/url"
	"strings"
)

const welcomeSubject = "Willkommen!"

func welcomeBody(name string) string {
	return fmt.Sprintf(`Hallo %s,

willkommen bei kursapp! Dein Konto ist angelegt, du kannst dich ab sofort
mit deiner E-Mail-Adresse und deinem Passwort anmelden.

Viel Spaß im Kurs!
`, name)
}

const confirmSubject = "Bitte bestätige deine neue E-Mail-Adresse"

// confirmBody has the link to kursapp's page, and the code for the pages of others.
func confirmBody(publicURL, token string) string {
	return fmt.Sprintf(`Hallo,

diese Adresse soll die neue E-Mail-Adresse eines Kontos bei kursapp werden.
Sie gilt, sobald du sie auf dieser Seite bestätigst:

%s

Der Link gilt 24 Stunden und nur einmal. Wirst du nach einem Code gefragt, ist
es dieser:

%s

Wenn du das nicht angefordert hast, brauchst du nichts zu tun: ohne diese
Bestätigung ändert sich nichts.
`, link(publicURL, "email-confirmation", token), token)
}

const resetSubject = "Passwort vergessen?"

// resetBody has link and code, as confirmBody does.
func resetBody(name, publicURL, token string) string {
	return fmt.Sprintf(`Hallo %s,

für dein Konto bei kursapp wurde ein neues Passwort angefordert. Setze es auf
dieser Seite:

%s

Der Link gilt 30 Minuten und nur einmal. Wirst du nach einem Code gefragt, ist
es dieser:

%s

Danach bist du auf allen Geräten abgemeldet und meldest dich mit dem neuen
Passwort an.

Wenn du das nicht angefordert hast, brauchst du nichts zu tun: dein Passwort
bleibt, wie es ist. Gib Link und Code an niemanden weiter.
`, name, link(publicURL, "password-reset", token), token)
}

// link is the address of a page of kursapp for a token. The token is in the fragment,
// which browsers send to no server: it is in no log, and what follows links by itself,
// as mail scanners do, does not use it up.
func link(publicURL, page, token string) string {
	return strings.TrimRight(publicURL, "/") + "/" + page + "#code=" + url.QueryEscape(token)
}

const changedSubject = "Dein Passwort wurde geändert"

func passwordChangedBody(name string) string {
	return fmt.Sprintf(`Hallo %s,

das Passwort deines Kontos bei kursapp wurde gerade geändert. Alle Sitzungen von
vorher sind beendet.

Wenn du das nicht warst, fordere sofort über „Passwort vergessen“ ein neues an
und melde dich bei uns.
`, name)
}

const emailChangedSubject = "Deine E-Mail-Adresse wurde geändert"

// emailChangedBody does not send its reader to the reset of a password: that mail would
// go to the new address.
func emailChangedBody(name string) string {
	return fmt.Sprintf(`Hallo %s,

für dein Konto bei kursapp gilt ab jetzt eine andere E-Mail-Adresse. Alle weiteren
E-Mails gehen dorthin, und du meldest dich mit ihr an.

Wenn du das nicht warst, melde dich sofort bei uns. Bist du noch angemeldet, dann
ändere außerdem gleich dein Passwort: das beendet alle anderen Sitzungen.
`, name)
}
