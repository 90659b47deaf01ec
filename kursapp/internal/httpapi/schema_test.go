package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// enumOf returns what a schema says that a value may be.
func enumOf(schema any) string {
	m, _ := schema.(map[string]any)
	if items, ok := m["items"]; ok {
		return enumOf(items)
	}
	enum, _ := m["enum"].([]any)
	var words []string
	for _, word := range enum {
		words = append(words, fmt.Sprintf("%q", word))
	}
	return strings.Join(words, " ")
}

// The dashboard's types are made from the document: what it leaves open, they do too.
func TestDocumentSaysWhatValuesMayBe(t *testing.T) {
	t.Parallel()
	doc := spec(t, Demo)
	var actions []string
	for _, action := range kurs.AuditActions() {
		actions = append(actions, fmt.Sprintf("%q", action))
	}
	kinds := strings.Join(actions, " ")
	property := func(schema, name string) any {
		return at(t, doc, "components", "schemas", schema, "properties", name)
	}
	query := func(path, name string) any {
		for _, p := range at(t, doc, "paths", path, "get", "parameters").([]any) {
			if at(t, p, "name") == name {
				return at(t, p, "schema")
			}
		}
		t.Fatalf("%s has no parameter %s", path, name)
		return nil
	}
	const states = `"waiting" "running" "scheduled" "retrying" "dead"`
	for _, tt := range []struct {
		what   string
		schema any
		want   string
	}{
		{"actions of entries", property("AuditEntry", "action"), kinds},
		{"actions that are asked for", query("/audit", "kind"), kinds},
		{"roles of accounts", property("AccountBody", "role"), `"admin" "user"`},
		{"new roles", property("RoleChange", "role"), `"admin" "user"`},
		{"states of tasks", property("Task", "state"), states},
		{"states that are asked for", query("/queues/{name}/tasks", "state"), states},
		{"states that are changed", property("TaskSelection", "state"), `"scheduled" "retrying" "dead" ""`},
		{"algorithms", property("LimitRule", "algorithm"), `"fixed" "sliding" "gcra"`},
		{"ways", property("WayBody", "way"), `"database" "redis" "local"`},
		{"reasons of misses", property("LiveLogEvent", "reason"), `"miss" "bypass" "unavailable" "undecodable" "stale" ""`},
	} {
		if got := enumOf(tt.schema); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
}

func TestDocumentSaysWhatMayBeNull(t *testing.T) {
	t.Parallel()
	doc := spec(t, Demo)
	for _, tt := range []struct{ schema, property string }{
		{"MeBody", "user"}, {"MeBody", "session"}, {"InspectionBody", "redis"}, {"LiveSample", "outbox"}, {"LiveLatencies", "local"},
	} {
		p := at(t, doc, "components", "schemas", tt.schema, "properties", tt.property)
		choices := at(t, p, "oneOf").([]any)
		if len(choices) != 2 || at(t, choices[1], "type") != "null" {
			t.Errorf("%s.%s is %v", tt.schema, tt.property, p)
			continue
		}
		ref := strings.TrimPrefix(at(t, choices[0], "$ref").(string), "#/components/schemas/")
		if kind := at(t, doc, "components", "schemas", ref, "type"); kind != "object" {
			t.Errorf("%s is %v", ref, kind)
		}
	}
	if p := at(t, doc, "components", "schemas", "MeBody", "properties", "user", "description"); p == "" {
		t.Error("what user is about is said nowhere")
	}
}
