package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// fromHuma gives what huma found the form of this package's errors. huma's own
// messages never go out: they are English, and some repeat the input.
//
// Whatever is wrong with a body is 422, as the contract says, also where huma
// would answer 400 (no body, no JSON).
func fromHuma(status int, msg string, errs []error) error {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return &failure{status: status, text: textBodyTooLarge}
	case http.StatusRequestTimeout:
		return &failure{status: status, text: textBodyTimeout}
	case http.StatusUnsupportedMediaType:
		return &failure{status: status, text: textContentType}
	case http.StatusNotAcceptable:
		return &failure{status: status, text: textNotAcceptable}
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return fromValidation(errs)
	}
	if len(errs) == 0 {
		return errors.New(msg)
	}
	if msg == msgUnreadableBody {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](errs[0]); tooLarge {
			return &failure{status: http.StatusRequestEntityTooLarge, text: textBodyTooLarge}
		}
		return &failure{status: http.StatusBadRequest, text: textBodyUnreadable}
	}
	return errs[0] // what a handler returned
}

// msgUnreadableBody is what huma says when reading a body failed. There is no
// constant for it; TestBodyCutShort notices when it changes.
const msgUnreadableBody = "cannot read request body"

func fromValidation(errs []error) *failure {
	if len(errs) == 0 {
		return invalid("body", textBodyMissing)
	}
	f := &failure{status: http.StatusUnprocessableEntity, text: textInvalid}
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok {
			d = &huma.ErrorDetail{}
		}
		f.details = append(f.details, translate(d.Location, d.Message))
	}
	return f
}

// translate turns a validation error of huma into a text of ours. It knows the
// messages that the schemas of this package can cause; any other becomes "is
// invalid".
func translate(location, msg string) detail {
	if place, _, _ := strings.Cut(location, "."); place != "body" {
		return translateParam(location, msg)
	}
	if location != "body" {
		if msg == validation.MsgExpectedString {
			return detail{location, textFieldString, nil}
		}
		return detail{location, textFieldInvalid, nil}
	}
	if name, ok := argument(validation.MsgExpectedRequiredProperty, msg); ok {
		return detail{"body." + name, textFieldMissing, nil}
	}
	if msg == validation.MsgExpectedObject {
		return detail{location, textBodyObject, nil}
	}
	return detail{location, textBodyJSON, nil}
}

func translateParam(location, msg string) detail {
	if msg == "invalid integer" || msg == validation.MsgExpectedInteger {
		return detail{location, textParamInteger, nil}
	}
	if n, ok := argument(validation.MsgExpectedMinimumNumber, msg); ok {
		return detail{location, textParamMin, []string{"{n}", n}}
	}
	if n, ok := argument(validation.MsgExpectedMaximumNumber, msg); ok {
		return detail{location, textParamMax, []string{"{n}", n}}
	}
	return detail{location, textParamInvalid, nil}
}

// argument reads what stands in msg where format, one of huma's, has its only
// verb.
func argument(format, msg string) (string, bool) {
	i := strings.IndexByte(format, '%')
	if i < 0 {
		return "", false
	}
	rest, ok := strings.CutPrefix(msg, format[:i])
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, format[i+len("%v"):])
}

// fieldName is the last part of a location: the name that the client knows.
func fieldName(location string) string {
	_, name, found := strings.Cut(location, ".")
	if !found {
		return location
	}
	return name
}

// inQuery says of an invalid part that it stands in the query.
func inQuery(err error) error {
	if e, ok := errors.AsType[*kurs.Error](err); ok && e.Code == kurs.CodeInvalid {
		return invalid("query."+e.Field, textParamInvalid)
	}
	return err
}

// fromRule says what a rule of the domain that a field broke means.
func fromRule(e *kurs.Error) *failure {
	text, limit := textFieldInvalid, 0
	switch e.Rule {
	case kurs.RuleRequired:
		text = textFieldMissing
	case kurs.RuleTooShort:
		text, limit = textFieldTooShort, kurs.MinPasswordLength
	case kurs.RuleTooLong:
		text, limit = textFieldTooLong, maxLengths[e.Field]
	case kurs.RuleNotAnEmail:
		text = textFieldEmail
	case kurs.RuleControlChar:
		text = textFieldControl
	case kurs.RuleNotUTF8:
		text = textFieldUTF8
	case kurs.RuleTooCommon:
		text = textFieldTooCommon
	case kurs.RuleWrong:
		text = textFieldWrong
	}
	if text == textFieldTooLong && e.Field == kurs.FieldEmail {
		text = textFieldEmailTooLong
	}
	return invalid("body."+e.Field, text, "{n}", strconv.Itoa(limit), "{local}", strconv.Itoa(kurs.MaxEmailLocalLength))
}

var maxLengths = map[string]int{
	kurs.FieldName:     kurs.MaxNameLength,
	kurs.FieldEmail:    kurs.MaxEmailLength,
	kurs.FieldPassword: kurs.MaxPasswordLength,

	kurs.FieldNewPassword: kurs.MaxPasswordLength,
}
