package kurs_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// fieldCase is one input of a validation. An empty rule means that it is
// accepted and returned as want.
type fieldCase struct {
	name  string
	input string
	want  string
	rule  kurs.Rule
}

func checkField(t *testing.T, field string, validate func(string) (string, error), cases []fieldCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := validate(c.input)
			if c.rule == "" {
				if err != nil || got != c.want {
					t.Fatalf("got %q, %v; want %q", got, err, c.want)
				}
				return
			}
			var e *kurs.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %q, %v; want an *Error", got, err)
			}
			if e.Code != kurs.CodeInvalid || e.Field != field || e.Rule != c.rule {
				t.Fatalf("got %s %s %s; want %s %s %s", e.Code, e.Field, e.Rule, kurs.CodeInvalid, field, c.rule)
			}
			if len(c.input) > 3 && strings.Contains(err.Error(), c.input) {
				t.Errorf("the error echoes the value: %v", err)
			}
		})
	}
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	checkField(t, "name", kurs.ValidateName, []fieldCase{
		{"plain", "Max", "Max", ""},
		{"one character", "X", "X", ""},
		{"inner text is kept exactly", "  Max  von \u00a0 Mustermann ", "Max  von \u00a0 Mustermann", ""},
		{"other scripts", "Ünï 山田 Зоя נועה", "Ünï 山田 Зоя נועה", ""},
		{"joined emoji", "👩\u200d💻", "👩\u200d💻", ""},
		{"combining form is not normalised", "e\u0301", "e\u0301", ""},
		{"200 characters of four bytes", strings.Repeat("😀", 200), strings.Repeat("😀", 200), ""},
		{"201 characters", strings.Repeat("ä", 201), "", kurs.RuleTooLong},
		{"empty", "", "", kurs.RuleRequired},
		{"only white space", " \u3000\u00a0 ", "", kurs.RuleRequired},
		{"only zero-width characters", "\u200b\u200d", "", kurs.RuleRequired},
		{"line break inside", "Max\nBcc: x", "", kurs.RuleControlChar},
		{"NUL", "Max\x00", "", kurs.RuleControlChar},
		{"escape sequence", "\x1b[2JMax", "", kurs.RuleControlChar},
		{"C1 control", "Max\u0085x", "", kurs.RuleControlChar},
		{"Unicode line separator", "Max\u2028x", "", kurs.RuleControlChar},
		{"not UTF-8", "Max\xff", "", kurs.RuleNotUTF8},
	})
}

func TestValidateEmail(t *testing.T) {
	t.Parallel()
	local64 := strings.Repeat("a", 64)
	label63 := strings.Repeat("b", 63)
	domain189 := label63 + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 58) + ".de"
	checkField(t, "email", kurs.ValidateEmail, []fieldCase{
		{"plain", "max@example.com", "max@example.com", ""},
		{"white space around it", " \tmax@example.com\r\n", "max@example.com", ""},
		{"keeps its case", "Max.Muster@Example.COM", "Max.Muster@Example.COM", ""},
		{"tag and punctuation", "a.b+c_d-e!#$%&'*/=?^`{|}~@example.com", "a.b+c_d-e!#$%&'*/=?^`{|}~@example.com", ""},
		{"international domain in xn-- form", "max@xn--mnchen-3ya.example", "max@xn--mnchen-3ya.example", ""},
		{"digits in the domain", "max@4chan.1and1.de", "max@4chan.1and1.de", ""},
		{"254 bytes", local64 + "@" + domain189, local64 + "@" + domain189, ""},
		{"255 bytes", local64 + "@d" + domain189, "", kurs.RuleTooLong},
		{"local part of 65 bytes", local64 + "a@example.com", "", kurs.RuleTooLong},
		{"empty", "", "", kurs.RuleRequired},
		{"only white space", "  ", "", kurs.RuleRequired},
		{"no @", "max.example.com", "", kurs.RuleNotAnEmail},
		{"two @", "max@home@example.com", "", kurs.RuleNotAnEmail},
		{"no local part", "@example.com", "", kurs.RuleNotAnEmail},
		{"no domain", "max@", "", kurs.RuleNotAnEmail},
		{"one label", "max@localhost", "", kurs.RuleNotAnEmail},
		{"empty label", "max@example..com", "", kurs.RuleNotAnEmail},
		{"trailing dot", "max@example.com.", "", kurs.RuleNotAnEmail},
		{"leading hyphen", "max@-example.com", "", kurs.RuleNotAnEmail},
		{"trailing hyphen", "max@example-.com", "", kurs.RuleNotAnEmail},
		{"underscore in the domain", "max@ex_ample.com", "", kurs.RuleNotAnEmail},
		{"label of 64 bytes", "max@b" + label63 + ".de", "", kurs.RuleNotAnEmail},
		{"IP address", "max@192.0.2.1", "", kurs.RuleNotAnEmail},
		{"address literal", "max@[192.0.2.1]", "", kurs.RuleNotAnEmail},
		{"display name", "Max <max@example.com>", "", kurs.RuleNotAnEmail},
		{"angle brackets", "<max@example.com>", "", kurs.RuleNotAnEmail},
		{"quoted local part", `"max"@example.com`, "", kurs.RuleNotAnEmail},
		{"comment", "max(x)@example.com", "", kurs.RuleNotAnEmail},
		{"two addresses", "a@example.com,b@example.com", "", kurs.RuleNotAnEmail},
		{"two dots", "max..m@example.com", "", kurs.RuleNotAnEmail},
		{"leading dot", ".max@example.com", "", kurs.RuleNotAnEmail},
		{"space inside", "max m@example.com", "", kurs.RuleNotAnEmail},
		{"Unicode local part", "mäx@example.com", "", kurs.RuleNotAnEmail},
		{"Unicode domain", "max@münchen.example", "", kurs.RuleNotAnEmail},
		{"header injection", "max@example.com\r\nBcc: x@example.com", "", kurs.RuleControlChar},
		{"NUL", "max\x00@example.com", "", kurs.RuleControlChar},
		{"not UTF-8", "max\xff@example.com", "", kurs.RuleNotAnEmail},
	})
}

func TestValidatePassword(t *testing.T) {
	t.Parallel()
	checkField(t, "password", kurs.ValidatePassword, []fieldCase{
		{"8 characters", "1234567?", "1234567?", ""},
		{"8 characters of four bytes", strings.Repeat("😀", 8), strings.Repeat("😀", 8), ""},
		{"128 characters of four bytes are not cut", strings.Repeat("😀", 128), strings.Repeat("😀", 128), ""},
		{"white space counts and stays", "        ", "        ", ""},
		{"control characters", "\x00\x01\n\r\t\x1b\x7f!", "\x00\x01\n\r\t\x1b\x7f!", ""},
		{"7 characters", "1234567", "", kurs.RuleTooShort},
		{"7 characters of four bytes", strings.Repeat("😀", 7), "", kurs.RuleTooShort},
		{"129 characters", strings.Repeat("a", 129), "", kurs.RuleTooLong},
		{"empty", "", "", kurs.RuleRequired},
		{"not UTF-8", "1234567\xff", "", kurs.RuleNotUTF8},
	})
}

func FuzzValidateEmail(f *testing.F) {
	for _, seed := range []string{"max@example.com", " Max@Example.com ", `"a b"@example.com`, "a@b", "a@b.c@d", "mäx@example.com", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		got, err := kurs.ValidateEmail(input)
		if err != nil {
			if kurs.CodeOf(err) != kurs.CodeInvalid || got != "" {
				t.Fatalf("refused with %q, %v", got, err)
			}
			return
		}
		if got != strings.TrimSpace(input) {
			t.Fatalf("%q became %q", input, got)
		}
		if len(got) > 254 || utf8.RuneCountInString(got) != len(got) || strings.Count(got, "@") != 1 {
			t.Fatalf("accepted %q", got)
		}
		for _, c := range []byte(got) {
			if c <= ' ' || c >= 0x7f || strings.ContainsRune(`"<>(),;:\[]`, rune(c)) {
				t.Fatalf("accepted %q with %q", got, c)
			}
		}
		if a, err := mail.ParseAddress(got); err != nil || a.Address != got {
			t.Fatalf("accepted %q, which net/mail reads as %v, %v", got, a, err)
		}
		if again, err := kurs.ValidateEmail(got); err != nil || again != got {
			t.Fatalf("not idempotent: %q, %v", again, err)
		}
	})
}
