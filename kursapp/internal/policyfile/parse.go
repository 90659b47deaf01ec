// Package policyfile reads the rate limits of kursapp from a file, and follows the file
// while the server runs. The file is TOML: a table for each rule that is to be
// different, everything in it optional.
//
//	[data]
//	limit = 100
//	window = "1m"
//	without_redis = "open"
package policyfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// Content is what a file says.
type Content struct {
	// Policy is the defaults with what the file says instead.
	Policy kurs.Policy
	// Lines says in which line a rule begins. Rules that the file does not name are
	// missing.
	Lines map[string]int
}

// Problem is something wrong with a file.
type Problem struct {
	Line   int // from 1; 0 where it is the file as a whole
	Reason string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Reason
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Reason)
}

// InvalidError is a file that is refused.
type InvalidError struct {
	Problems []Problem // at least one, in the order of their lines
}

func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "; ")
}

// Parse reads a file. It names everything that is wrong in an *InvalidError, the syntax
// first: then it looks no further.
func Parse(content []byte) (Content, error) {
	var document map[string]any
	if err := toml.Unmarshal(content, &document); err != nil {
		return Content{}, &InvalidError{[]Problem{syntaxProblem(err)}}
	}
	if len(document) == 0 {
		// That is also what a file looks like that somebody is writing.
		return Content{}, &InvalidError{[]Problem{{0, "the file names no rule. For the defaults alone no file is needed"}}}
	}
	f := found{policy: kurs.DefaultPolicy(), rules: map[string]*ruleTable{}}
	f.walk(content)
	f.apply()
	if len(f.problems) > 0 {
		slices.SortStableFunc(f.problems, func(a, b Problem) int { return a.Line - b.Line })
		return Content{}, &InvalidError{f.problems}
	}
	c := Content{Policy: f.policy, Lines: map[string]int{}}
	for name, table := range f.rules {
		c.Lines[name] = table.line
	}
	return c, nil
}

func syntaxProblem(err error) Problem {
	reason := strings.TrimPrefix(err.Error(), "toml: ")
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := at.Position()
		return Problem{line, reason}
	}
	return Problem{0, reason}
}

// found is what was found in a file so far.
type found struct {
	policy   kurs.Policy
	rules    map[string]*ruleTable
	order    []string // the names of rules
	problems []Problem
}

// ruleTable is what a file says of one rule.
type ruleTable struct {
	line   int
	limit  kurs.RateLimit
	fields map[string]int // their lines
}

// walk goes through a file whose syntax is right. The library decodes into structs as
// well, but then nobody can say in which line a limit is that is too high.
func (f *found) walk(content []byte) {
	var p unstable.Parser
	p.Reset(content)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table:
			var line int
			if table, line = keyOf(&p, nil, e); len(table) == 1 {
				f.rule(table[0], line)
			} else {
				f.wrong(line, "a table for %q: want one for each rule, as [data]", strings.Join(table, "."))
			}
		case unstable.ArrayTable:
			var line int
			table, line = keyOf(&p, nil, e)
			f.wrong(line, "%q is a list of tables: want a single one, as [data]", strings.Join(table, "."))
			table = append(table, "") // whatever follows is not looked at
		case unstable.KeyValue:
			f.keyValue(&p, table, e)
		}
	}
	if err := p.Error(); err != nil { // it passed before
		f.wrong(0, "%v", err)
	}
}

// keyOf returns the path of an expression below a table, and its line.
func keyOf(p *unstable.Parser, table []string, e *unstable.Node) (path []string, line int) {
	path = slices.Clone(table)
	for it := e.Key(); it.Next(); {
		if line == 0 {
			line = p.Shape(it.Node().Raw).Start.Line
		}
		path = append(path, string(it.Node().Data))
	}
	return path, line
}

// keyValue takes one setting, however it is written: in a table, with a dotted key, or
// in an inline table.
func (f *found) keyValue(p *unstable.Parser, table []string, e *unstable.Node) {
	path, line := keyOf(p, table, e)
	v := e.Value()
	switch {
	case v.Kind == unstable.InlineTable && len(path) == 1:
		f.rule(path[0], line)
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				f.keyValue(p, path, it.Node())
			}
		}
	case len(path) == 1:
		f.wrong(line, "%q stands outside of a rule: want a table for each rule, as [data]", path[0])
	case len(path) == 2:
		if rule := f.rule(path[0], line); rule != nil {
			f.set(rule, path[1], line, v)
		}
	case len(table) < 2: // else the table was refused already
		f.wrong(line, "%q has parts: want a single value", path[1])
	}
}

// rule returns what was found of a rule so far, nil where there is none of that name.
func (f *found) rule(name string, line int) *ruleTable {
	if known, ok := f.rules[name]; ok {
		return known
	}
	limit, ok := f.policy.Limit(name)
	if !ok {
		f.wrong(line, "there is no rule %.80q. The rules are: %s", name, strings.Join(ruleNames(&f.policy), ", "))
		f.rules[name] = nil // it is said once
		return nil
	}
	table := &ruleTable{line: line, limit: limit, fields: map[string]int{}}
	f.rules[name] = table
	f.order = append(f.order, name)
	return table
}

func ruleNames(p *kurs.Policy) []string {
	var names []string
	for _, l := range p.Limits() {
		names = append(names, l.Rule.Name)
	}
	return names
}

func (f *found) set(rule *ruleTable, name string, line int, v *unstable.Node) {
	i := slices.IndexFunc(fields, func(field field) bool { return field.name == name })
	if i < 0 {
		f.wrong(line, "there is no setting %.80q. The settings of a rule are: %s", name, fieldNames())
		return
	}
	rule.fields[name] = line
	if err := fields[i].set(&rule.limit, v); err != nil {
		f.wrong(line, "%s: %v", name, err)
		rule.fields[name] = 0 // not to be judged any further
	}
}

// apply puts what was found into the policy.
func (f *found) apply() {
	for _, name := range f.order {
		rule := f.rules[name]
		if f.incomplete(rule) {
			continue
		}
		policy, err := f.policy.With(rule.limit.Rule, rule.limit.Off)
		if err == nil {
			f.policy = policy
			continue
		}
		line, reason := rule.line, err.Error()
		if at, ok := errors.AsType[*kurs.LimitError](err); ok {
			reason = strings.TrimPrefix(strings.TrimPrefix(reason, name), ".")
			reason = strings.TrimPrefix(reason, ": ")
			if l, ok := rule.fields[at.Field]; ok {
				line = l
			}
		}
		f.wrong(line, "%s", reason)
	}
}

// incomplete reports whether something is missing of a rule, because it could not be
// read.
func (f *found) incomplete(rule *ruleTable) bool {
	for _, line := range rule.fields {
		if line == 0 {
			return true
		}
	}
	return false
}

func (f *found) wrong(line int, format string, args ...any) {
	f.problems = append(f.problems, Problem{line, fmt.Sprintf(format, args...)})
}
