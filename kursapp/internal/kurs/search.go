package kurs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/cache"
)

// FieldQuery is the name of what is searched for, and MaxQueryLength bounds it, in
// characters.
const (
	FieldQuery     = "q"
	MaxQueryLength = 200
)

// Search returns the users whose name or e-mail address contains a text, without regard
// to case, with an id greater than after, limit at most. It comes from the database,
// always: what people look for differs too much to be worth remembering. limit is as in
// Page, and whether the actor may list is for the caller to ask.
//
// It fails with CodeInvalid and CodeUnavailable.
func (u *Users) Search(ctx context.Context, query string, after int64, limit int) (cache.Entry[UserPage], error) {
	const op = "search users"
	query, err := ValidateQuery(query)
	if err != nil {
		return cache.Entry[UserPage]{}, err
	}
	began := time.Now()
	page, err := pageOf(pageLimit(limit), func(limit int) ([]User, error) { return u.store.SearchUsers(ctx, query, after, limit) })
	if err != nil {
		return cache.Entry[UserPage]{}, wrap(op, err)
	}
	raw, err := json.Marshal(page)
	if err != nil {
		return cache.Entry[UserPage]{}, fmt.Errorf("%s: %w", op, err)
	}
	return cache.Entry[UserPage]{
		Value: page, Raw: raw, Source: cache.SourceLoader, Reason: cache.ReasonBypass, LoadTime: time.Since(began),
	}, nil
}

// ValidateQuery returns query without the white space around it. The error is an *Error
// with CodeInvalid, FieldQuery and RuleRequired, RuleTooLong, RuleControlChar or
// RuleNotUTF8.
func ValidateQuery(query string) (string, error) {
	if !utf8.ValidString(query) {
		return "", invalid(FieldQuery, RuleNotUTF8)
	}
	switch query = strings.TrimSpace(query); {
	case query == "":
		return "", invalid(FieldQuery, RuleRequired)
	case strings.ContainsFunc(query, isControl):
		return "", invalid(FieldQuery, RuleControlChar)
	case utf8.RuneCountInString(query) > MaxQueryLength:
		return "", invalid(FieldQuery, RuleTooLong)
	}
	return query, nil
}

// CaseVariants returns a character in all its cases, as Unicode's simple folding has
// them: ä and Ä, k and K and the KELVIN SIGN. The databases search with it, so that what
// counts as the same letter depends on neither's locale.
func CaseVariants(r rune) []rune {
	variants := []rune{r}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		variants = append(variants, other)
	}
	return variants
}
