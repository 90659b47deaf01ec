package httpapi

import "golang.org/x/text/language"

// lang is the language of a text that goes out.
type lang uint8

// German is the default: the course is held in it.
const (
	german lang = iota
	english
)

// String returns the BCP 47 tag for Content-Language.
func (l lang) String() string {
	if l == english {
		return "en"
	}
	return "de"
}

var languages = language.NewMatcher([]language.Tag{german: language.German, english: language.English})

// maxAcceptLanguage bounds the headers worth parsing, in bytes. Browsers send a
// tenth of it.
const maxAcceptLanguage = 1024

// languageOf picks the language for an Accept-Language header. A header that is
// absent, malformed or asks for neither language means German.
func languageOf(acceptLanguage string) lang {
	switch acceptLanguage {
	case "", "*", "de":
		return german
	case "en":
		return english
	}
	if len(acceptLanguage) > maxAcceptLanguage {
		return german
	}
	// The tags before a malformed one are not worth saving: no browser sends it.
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return german
	}
	if _, index, confidence := languages.Match(wanted...); confidence != language.No && index == int(english) {
		return english
	}
	return german
}
