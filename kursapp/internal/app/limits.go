package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/policyfile"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// runLimits carries out one of the commands about rate limits.
func runLimits(ctx context.Context, command string, c config.Limits, s streams) error {
	file, err := readLimits(c.LimitsFile)
	if err != nil {
		return err
	}
	switch command {
	case "list":
		return listLimits(file, c.LimitsFile.LimitsFile, c.List.JSON, s)
	case "show":
		return atLimit(ctx, file, c.RedisURL, s, limitCommand{c.Show.LimitOf, true, showLimit})
	case "reset":
		return atLimit(ctx, file, c.RedisURL, s, limitCommand{c.Reset.LimitOf, false, resetLimit})
	}
	return fmt.Errorf("app: no such command: limits %s", command)
}

// readLimits returns the defaults where no file is named.
func readLimits(c config.LimitsFile) (policyfile.Content, error) {
	if c.LimitsFile == "" {
		return policyfile.Content{Policy: kurs.DefaultPolicy()}, nil
	}
	content, err := policyfile.Read(c.LimitsFile)
	if err != nil {
		return policyfile.Content{}, limitsFileError(c.LimitsFile, err)
	}
	return content, nil
}

// listedLimit is what `kursapp limits list` prints of one rule.
type listedLimit struct {
	Rule          string  `json:"rule"`
	Enabled       bool    `json:"enabled"`
	Limit         int64   `json:"limit"`
	WindowSeconds float64 `json:"window_seconds"`
	Algorithm     string  `json:"algorithm"`
	Burst         int64   `json:"burst,omitempty"`
	WithoutRedis  string  `json:"without_redis"`
	CountedBy     string  `json:"counted_by"`
	Guards        string  `json:"guards"`
	Origin        string  `json:"origin"` // a file and a line, or "default"

	admits string // for people
}

func listLimits(c policyfile.Content, path string, asJSON bool, s streams) error {
	var all []listedLimit
	for _, l := range c.Policy.Limits() {
		origin := "default"
		if line, ok := c.Lines[l.Rule.Name]; ok {
			origin = fmt.Sprintf("%s:%d", path, line)
		}
		all = append(all, listedLimit{
			Rule: l.Rule.Name, Enabled: !l.Off, Limit: l.Rule.Limit, WindowSeconds: l.Rule.Window.Seconds(),
			Algorithm: l.Rule.Algorithm.String(), Burst: l.Rule.Burst,
			WithoutRedis: l.Rule.WithoutRedis.String(), CountedBy: l.Subject.String(), Guards: l.Guards, Origin: origin,
			admits: l.Admits(),
		})
	}
	if asJSON {
		return printJSON(s.out, all)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tLIMIT\tWITHOUT REDIS\tCOUNTED BY\tGUARDS\tFROM")
	for _, l := range all {
		limit := l.admits
		if !l.Enabled {
			limit = "off"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Rule, limit, l.WithoutRedis, l.CountedBy, l.Guards, oneLine(l.Origin))
	}
	return table.Flush()
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// limitShell is the access of one command to one subject's charges under a rule.
type limitShell struct {
	limiter *ratelimit.Limiter
	rule    ratelimit.Rule
	off     bool
	subject string // as the limiter knows it
	of      config.LimitOf
	streams
}

// limitCommand is a command about a rule and a subject.
type limitCommand struct {
	of       config.LimitOf
	readOnly bool
	do       func(context.Context, *limitShell) error
}

func atLimit(ctx context.Context, c policyfile.Content, redisURL string, s streams, command limitCommand) error {
	of := command.of
	limit, ok := c.Policy.Limit(of.Rule)
	if !ok {
		var names []string
		for _, l := range c.Policy.Limits() {
			names = append(names, l.Rule.Name)
		}
		return config.Usagef("there is no rule %q. The rules are: %s", of.Rule, strings.Join(names, ", "))
	}
	subject, err := parseSubject(limit, of.Subject)
	if err != nil {
		return err
	}
	redis, err := openShellRedis(ctx, redisURL)
	if err != nil {
		return err
	}
	defer redis.client.Close()
	if err := redis.checkMark(ctx, s.err, command.readOnly); err != nil {
		return redis.explain(err)
	}
	limiter := ratelimit.New(redis.client, ratelimit.Options{RedisTimeout: shellTimeout, RememberDenials: -1})
	defer limiter.Close()
	shell := &limitShell{limiter: limiter, rule: limit.Rule, off: limit.Off, subject: subject, of: of, streams: s}
	// What this process would decide without Redis is of no interest.
	shell.rule.WithoutRedis = ratelimit.FailClosed
	return redis.explain(command.do(ctx, shell))
}

// parseSubject turns what a person knows somebody by into what the limiter knows.
func parseSubject(l kurs.RateLimit, given string) (string, error) {
	subject, err := l.Subject.Parse(given)
	if err == nil {
		return subject, nil
	}
	want := "the client's address, as 192.0.2.1 or 2001:db8::1"
	switch l.Subject {
	case kurs.SubjectAccount:
		want = "the account's e-mail address, as max@example.com"
	case kurs.SubjectUser:
		want = "the user's id, as 42"
	}
	return "", config.Usagef("%q: %s counts by %v, so name %s", given, l.Rule.Name, l.Subject, want)
}

// limitState is what `kursapp limits show` prints.
type limitState struct {
	Rule          string  `json:"rule"`
	Subject       string  `json:"subject"` // as it stands in the key
	Enabled       bool    `json:"enabled"`
	Limit         int64   `json:"limit"`
	WindowSeconds float64 `json:"window_seconds"`
	Used          int64   `json:"used"`
	Remaining     int64   `json:"remaining"`
	ResetSeconds  float64 `json:"reset_seconds"` // 0: nothing is used
}

func (s *limitShell) state(ctx context.Context) (limitState, error) {
	r, err := s.limiter.Peek(ctx, s.subject, s.rule)
	if err != nil {
		return limitState{}, err
	}
	most := s.rule.Limit
	if s.rule.Burst > 0 {
		most = s.rule.Burst // what may be used at once
	}
	return limitState{
		Rule: s.rule.Name, Subject: s.subject, Enabled: !s.off, Limit: s.rule.Limit, WindowSeconds: s.rule.Window.Seconds(),
		Used: most - r.Remaining, Remaining: r.Remaining, ResetSeconds: r.ResetAfter.Seconds(),
	}, nil
}

func showLimit(ctx context.Context, s *limitShell) error {
	state, err := s.state(ctx)
	if err != nil {
		return err
	}
	if s.off {
		fmt.Fprintf(s.err, "kursapp: note: %s is off.\n", s.rule.Name)
	}
	if s.of.JSON {
		return printJSON(s.out, state)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tSUBJECT\tLIMIT\tUSED\tREMAINING\tRESET")
	reset := "-"
	if state.ResetSeconds > 0 {
		reset = "in " + seconds(state.ResetSeconds).Round(time.Millisecond).String()
	}
	admits := kurs.RateLimit{Rule: s.rule}.Admits()
	fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", state.Rule, state.Subject, admits, state.Used, state.Remaining, reset)
	return table.Flush()
}

// forgotten is what `kursapp limits reset` prints.
type forgotten struct {
	Rule      string `json:"rule"`
	Subject   string `json:"subject"`
	Forgotten int64  `json:"forgotten"`
}

func resetLimit(ctx context.Context, s *limitShell) error {
	before, err := s.state(ctx)
	if err != nil {
		return err
	}
	if err := s.limiter.Reset(ctx, s.subject, s.rule); err != nil {
		if errors.Is(err, ratelimit.ErrUnavailable) {
			return fmt.Errorf("it may or may not have been reset: %w", err)
		}
		return err
	}
	if s.of.JSON {
		return printJSON(s.out, forgotten{s.rule.Name, s.subject, before.Used})
	}
	_, err = fmt.Fprintf(s.out, "%s of %s: %d of %d forgotten.\n", s.rule.Name, oneLine(s.of.Subject), before.Used, before.Used+before.Remaining)
	return err
}
