package httpapi

import "strings"

// key names a text that a client may see.
type key uint8

// The texts. Those the contract fixes are literal; clients compare them.
const (
	textUserDeleted key = iota + 1
	textLoggedIn
	textLoggedOut
	textData
	textPasswordChanged
	textPasswordReset
	textResetRequested
	textSessionEnded
	textOtherSessionsEnded
	textUserSessionsEnded
	textLimitReset
	textQueuePaused
	textQueueResumed

	textUserNotFound
	textEmailTaken
	textBadCredentials
	textNoToken
	textNoLogoutToken
	textSessionInvalid
	textSessionNotFound
	textQueueNotFound
	textTaskNotFound
	textTaskUnfit
	textLastAdmin
	textForbidden
	textRateLimited
	textUnavailable
	textConfirmationFailed
	textResetFailed

	textQueryLogin
	textHost
	textCrossOrigin
	textNotFound
	textMethodNotAllowed
	textBodyTooLarge
	textBodyTimeout
	textBodyUnreadable
	textContentType
	textNotAcceptable
	textBadRequest
	textInternal

	textInvalid // the frame around the texts below
	textBodyMissing
	textBodyJSON
	textBodyObject
	textBodyInvalid
	textFieldMissing
	textFieldString
	textFieldTooLong
	textFieldTooShort
	textFieldEmail
	textFieldEmailTooLong
	textFieldControl
	textFieldUTF8
	textFieldTooCommon
	textFieldWrong
	textFieldInvalid
	textParamInteger
	textParamMin
	textParamMax
	textParamInvalid

	textResetTitle // what the pages say that mails link to
	textResetLead
	textResetSubmit
	textConfirmTitle
	textConfirmLead
	textConfirmSubmit
	textConfirmDone
	textCodeLabel
	textCodeHint
	textPasswordLabel
	textPasswordHint
	textPasswordShow
	textPageBusy
	textPageUnreachable
	textPageNoScript
)

// texts holds each text in German and English. {n} and {field} are filled in.
var texts = [...][2]string{
	textUserDeleted: {"User gelöscht", "User deleted"},
	textLoggedIn:    {"Eingeloggt!", "Logged in!"},
	textLoggedOut:   {"Ausgeloggt!", "Logged out!"},
	textData:        {"Hier sind deine Daten!", "Here is your data!"},

	textPasswordChanged: {
		"Passwort geändert. Alle anderen Geräte sind abgemeldet.",
		"Password changed. All other devices are logged out.",
	},
	textPasswordReset: {
		"Passwort geändert. Du kannst dich jetzt damit anmelden.",
		"Password changed. You can log in with it now.",
	},
	textResetRequested: {
		"Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Der Code darin gilt 30 Minuten.",
		"If there is an account with this address, an e-mail is on its way. The code in it is valid for 30 minutes.",
	},
	textSessionEnded:       {"Sitzung beendet", "Session ended"},
	textOtherSessionsEnded: {"Alle anderen Sitzungen beendet", "All other sessions ended"},
	textUserSessionsEnded:  {"Alle Sitzungen des Users beendet", "All sessions of the user ended"},

	textLimitReset:   {"Limit zurückgesetzt", "Limit reset"},
	textQueuePaused:  {"Warteschlange angehalten. Was läuft, läuft zu Ende.", "Queue paused. What runs goes on to its end."},
	textQueueResumed: {"Warteschlange läuft wieder", "Queue resumed"},

	textUserNotFound:       {"User nicht gefunden", "User not found"},
	textEmailTaken:         {"E-Mail-Adresse ist bereits vergeben", "E-mail address is already taken"},
	textBadCredentials:     {"Ungültige Anmeldedaten", "Invalid credentials"},
	textNoToken:            {"Authorization-Header fehlt oder ungültig", "Authorization header missing or invalid"},
	textNoLogoutToken:      {"Authorization-Header fehlt", "Authorization header missing"},
	textSessionInvalid:     {"Session abgelaufen oder ungültig", "Session expired or invalid"},
	textSessionNotFound:    {"Sitzung nicht gefunden", "Session not found"},
	textQueueNotFound:      {"Diese Warteschlange gibt es nicht", "There is no such queue"},
	textTaskNotFound:       {"Aufgabe nicht gefunden: Sie ist erledigt oder gelöscht.", "Task not found: it is done or was deleted."},
	textTaskUnfit:          {"Diese Aufgaben können nie laufen: Nur der Anfang ihres Inhalts wurde behalten.", "These tasks can never run: only the beginning of their content was kept."},
	textLastAdmin:          {"Das ist der letzte Administrator. Ernenne vorher einen anderen.", "This is the last administrator. Appoint another one first."},
	textForbidden:          {"Dazu fehlt dir die Berechtigung", "You are not allowed to do that"},
	textRateLimited:        {"Zu viele Anfragen. Versuche es in {n} Sekunden erneut.", "Too many requests. Try again in {n} seconds."},
	textUnavailable:        {"Der Dienst ist gerade nicht verfügbar. Versuche es in {n} Sekunden erneut.", "The service is unavailable at the moment. Try again in {n} seconds."},
	textConfirmationFailed: {"Der Bestätigungscode ist ungültig, verbraucht oder abgelaufen", "The confirmation code is invalid, used or expired"},
	textResetFailed:        {"Der Code für ein neues Passwort ist ungültig, verbraucht oder abgelaufen. Fordere einen neuen an.", "The code for a new password is invalid, used or expired. Request a new one."},

	textQueryLogin: {
		"E-Mail-Adresse und Passwort gehören nicht in die URL: Sie landet in Protokollen und im Browserverlauf. Sende beides als JSON im Rumpf der Anfrage.",
		"E-mail address and password do not belong in the URL: it ends up in logs and in the browser history. Send both as JSON in the request body.",
	},
	textHost: {
		"Die Demo antwortet nur unter einem Loopback-Namen oder einer Loopback-Adresse, etwa http://127.0.0.1 oder http://localhost, damit keine fremde Webseite sie benutzen kann.",
		"The demo answers only under a loopback name or address, such as http://127.0.0.1 or http://localhost, so that no foreign web page can use it.",
	},
	textCrossOrigin: {
		"Änderungen von fremden Webseiten (cross-origin) sind nicht erlaubt. Eigene Front-Ends trägt KURSAPP_CORS_ORIGINS ein.",
		"Changes from other web sites (cross-origin) are not allowed. List a front end of your own in KURSAPP_CORS_ORIGINS.",
	},
	textNotFound:         {"Diese Adresse gibt es nicht", "There is nothing at this address"},
	textMethodNotAllowed: {"Diese Methode ist hier nicht erlaubt", "This method is not allowed here"},
	textBodyTooLarge:     {"Der Rumpf der Anfrage ist größer als 1 MiB", "The request body is larger than 1 MiB"},
	textBodyTimeout:      {"Der Rumpf der Anfrage kam nicht rechtzeitig an", "The request body did not arrive in time"},
	textBodyUnreadable:   {"Der Rumpf der Anfrage kam nicht vollständig an", "The request body did not arrive completely"},
	textContentType:      {"Der Rumpf der Anfrage muss JSON sein (Content-Type: application/json)", "The request body must be JSON (Content-Type: application/json)"},
	textNotAcceptable:    {"Antworten gibt es hier nur als JSON", "Answers come as JSON only"},
	textBadRequest:       {"Die Anfrage ist fehlerhaft", "The request is malformed"},
	textInternal:         {"Interner Fehler. Nenne bei Rückfragen die Kennung {id}.", "Internal error. When you ask about it, give the id {id}."},

	textInvalid:       {"Ungültige Eingabe: {n}.", "Invalid input: {n}."},
	textBodyMissing:   {"Der Rumpf der Anfrage fehlt, erwartet wird JSON", "the request body is missing, JSON is expected"},
	textBodyJSON:      {"Der Rumpf der Anfrage ist kein gültiges JSON", "the request body is not valid JSON"},
	textBodyObject:    {"Der Rumpf der Anfrage muss ein JSON-Objekt sein", "the request body must be a JSON object"},
	textBodyInvalid:   {"Der Rumpf der Anfrage ist ungültig", "the request body is invalid"},
	textFieldMissing:  {"Feld „{field}“ fehlt", "field “{field}” is missing"},
	textFieldString:   {"Feld „{field}“ muss ein Text sein", "field “{field}” must be a string"},
	textFieldTooLong:  {"Feld „{field}“ ist zu lang, höchstens {n} Zeichen", "field “{field}” is too long, at most {n} characters"},
	textFieldTooShort: {"Feld „{field}“ ist zu kurz, mindestens {n} Zeichen", "field “{field}” is too short, at least {n} characters"},
	textFieldEmail:    {"Feld „{field}“ ist keine gültige E-Mail-Adresse", "field “{field}” is not a valid e-mail address"},
	textFieldEmailTooLong: {
		"Feld „{field}“ ist zu lang, höchstens {n} Zeichen, davon {local} vor dem @",
		"field “{field}” is too long, at most {n} characters, {local} of them before the @",
	},
	textFieldControl: {"Feld „{field}“ enthält Steuerzeichen", "field “{field}” contains control characters"},
	textFieldUTF8:    {"Feld „{field}“ ist kein gültiges UTF-8", "field “{field}” is not valid UTF-8"},
	textFieldTooCommon: {
		"Feld „{field}“ gehört zu den häufigsten Passwörtern, wähle ein anderes",
		"field “{field}” is among the most common passwords, choose another one",
	},
	textFieldWrong:   {"Feld „{field}“ stimmt nicht", "field “{field}” is wrong"},
	textFieldInvalid: {"Feld „{field}“ ist ungültig", "field “{field}” is invalid"},
	textParamInteger: {"„{field}“ muss eine ganze Zahl sein", "“{field}” must be an integer"},
	textParamMin:     {"„{field}“ muss mindestens {n} sein", "“{field}” must be at least {n}"},
	textParamMax:     {"„{field}“ darf höchstens {n} sein", "“{field}” must be at most {n}"},
	textParamInvalid: {"„{field}“ ist ungültig", "“{field}” is invalid"},

	textResetTitle:  {"Neues Passwort setzen", "Set a new password"},
	textResetLead:   {"Danach bist du auf allen Geräten abgemeldet und meldest dich mit dem neuen Passwort an.", "You will then be logged out on all devices, and log in with the new password."},
	textResetSubmit: {"Passwort setzen", "Set password"},

	textConfirmTitle:  {"Neue E-Mail-Adresse bestätigen", "Confirm your new e-mail address"},
	textConfirmLead:   {"Die neue Adresse deines Kontos gilt, sobald du sie hier bestätigst.", "The new address of your account takes effect once you confirm it here."},
	textConfirmSubmit: {"Adresse bestätigen", "Confirm address"},
	textConfirmDone:   {"Bestätigt: Dein Konto hat jetzt die Adresse {email}.", "Confirmed: your account now has the address {email}."},

	textCodeLabel:     {"Code aus der E-Mail", "Code from the e-mail"},
	textCodeHint:      {"Du kannst auch den ganzen Link aus der E-Mail einfügen.", "You can also paste the whole link from the e-mail."},
	textPasswordLabel: {"Neues Passwort", "New password"},
	textPasswordHint:  {"{min} bis {max} Zeichen, keines der häufigsten Passwörter.", "{min} to {max} characters, none of the most common passwords."},
	textPasswordShow:  {"Passwort anzeigen", "Show password"},

	textPageBusy:        {"Wird gesendet …", "Sending …"},
	textPageUnreachable: {"Der Server hat nicht geantwortet. Versuche es gleich noch einmal.", "The server did not answer. Try again in a moment."},
	textPageNoScript:    {"Diese Seite braucht JavaScript.", "This page needs JavaScript."},
}

// in returns the text in a language. fill holds pairs of a placeholder and its
// value, such as "{n}", "7".
func (k key) in(l lang, fill ...string) string {
	text := texts[k][l]
	if len(fill) == 0 {
		return text
	}
	return strings.NewReplacer(fill...).Replace(text)
}

// titles names the status of a problem. What is not here has the English
// phrase of RFC 9110.
var titles = map[int][2]string{
	400: {"Ungültige Anfrage", "Bad Request"},
	401: {"Nicht angemeldet", "Unauthorized"},
	403: {"Nicht erlaubt", "Forbidden"},
	404: {"Nicht gefunden", "Not Found"},
	405: {"Methode nicht erlaubt", "Method Not Allowed"},
	406: {"Format nicht verfügbar", "Not Acceptable"},
	408: {"Zeitüberschreitung", "Request Timeout"},
	409: {"Konflikt", "Conflict"},
	413: {"Anfrage zu groß", "Content Too Large"},
	415: {"Format nicht unterstützt", "Unsupported Media Type"},
	421: {"Falsch adressiert", "Misdirected Request"},
	422: {"Ungültige Eingabe", "Unprocessable Content"},
	429: {"Zu viele Anfragen", "Too Many Requests"},
	500: {"Interner Fehler", "Internal Server Error"},
	503: {"Nicht verfügbar", "Service Unavailable"},
}
