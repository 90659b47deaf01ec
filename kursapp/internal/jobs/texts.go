package jobs

import (
	"fmt"
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

// confirmBody names the request that confirms an address. The page of a front end
// may make it; curl does until there is one.
func confirmBody(publicURL, token string) string {
	return fmt.Sprintf(`Hallo,

diese Adresse soll die neue E-Mail-Adresse eines Kontos bei kursapp werden.
Sie gilt, sobald du sie bestätigst, mit diesem Code:

%[2]s

Der Code gilt 24 Stunden und nur einmal. Bestätigt wird mit

POST %[1]s/email-confirmations
{"token": "%[2]s"}

zum Beispiel so:

curl -X POST %[1]s/email-confirmations -H 'Content-Type: application/json' -d '{"token":"%[2]s"}'

Wenn du das nicht angefordert hast, brauchst du nichts zu tun: ohne diese
Bestätigung ändert sich nichts.
`, strings.TrimRight(publicURL, "/"), token)
}

const resetSubject = "Passwort vergessen?"

// resetBody names the request that sets a new password, as confirmBody does.
func resetBody(name, publicURL, token string) string {
	return fmt.Sprintf(`Hallo %[3]s,

für dein Konto bei kursapp wurde ein neues Passwort angefordert. Setze es mit
diesem Code:

%[2]s

Der Code gilt 30 Minuten und nur einmal. Das neue Passwort wird gesetzt mit

POST %[1]s/password-resets/confirmations
{"token": "%[2]s", "password": "…"}

Danach bist du auf allen Geräten abgemeldet und meldest dich mit dem neuen
Passwort an.

Wenn du das nicht angefordert hast, brauchst du nichts zu tun: dein Passwort
bleibt, wie es ist. Gib den Code an niemanden weiter.
`, strings.TrimRight(publicURL, "/"), token, name)
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
