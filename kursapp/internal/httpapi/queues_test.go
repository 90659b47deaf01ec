package httpapi

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

const deadLetterJSON = `{"id":"42","queue":"email_queue","type":"mail","state":"dead","payload":"{\"to\":\"max@example.com\",\"token\":\"•••\"}","size":41,"error":"no such mailbox","attempts":20,"crashes":1,"max_attempts":20,"created_at":"2026-05-01T12:00:00Z","died_at":"2026-05-01T13:00:00Z"}`

func TestQueuesAsJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []struct{ method, target, body, german, english string }{
		{"GET", "/queues", "", `{"queues":[{"name":"email_queue","waiting":1,"running":2,"scheduled":3,"retrying":4,"dead":5,"latency_ms":1500,"workers":6,"paused":true,"processed":7,"failed":8,"died":9}]}`, ""},
		{"GET", "/queues/email_queue/tasks", "", `{"tasks":[` + deadLetterJSON + `],"next_cursor":"dead:1"}`, ""},
		{"GET", "/queues/email_queue/tasks/42", "", deadLetterJSON, ""},
		{"POST", "/queues/email_queue/pause", "", `{"message":"Warteschlange angehalten. Was läuft, läuft zu Ende."}`, `{"message":"Queue paused. What runs goes on to its end."}`},
		{"POST", "/queues/email_queue/resume", "", `{"message":"Warteschlange läuft wieder"}`, `{"message":"Queue resumed"}`},
		{"POST", "/queues/email_queue/retries", `{"state":"dead"}`, `{"count":3}`, ""},
		{"POST", "/queues/email_queue/deletions", `{"ids":["42"]}`, `{"count":3}`, ""},
	} {
		if w := s.do(t, tt.method, tt.target, tt.body); w.Code != 200 || body(w) != tt.german {
			t.Errorf("%s: %d %s", tt.target, w.Code, w.Body)
		}
		if tt.english == "" {
			continue
		}
		if w := s.do(t, tt.method, tt.target, tt.body, "Accept-Language", "en"); body(w) != tt.english {
			t.Errorf("%s: %s", tt.target, w.Body)
		}
	}
	for target, want := range map[string]string{
		"/queues/nope/tasks":           "Diese Warteschlange gibt es nicht",
		"/queues/email_queue/tasks/43": "Aufgabe nicht gefunden: Sie ist erledigt oder gelöscht.",
	} {
		if w := s.do(t, "GET", target, ""); w.Code != 404 || problem(t, w).Detail != want {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestListOfTasksPassesOnWhatItIsAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.queues.tasks = func(state queue.State, cursor string, limit int) (queue.Page, error) {
		switch {
		case state == "dead" && cursor == "20" && limit == 7:
			return queue.Page{}, nil
		case state == "" && cursor == "waiting:3:1-0" && limit == 20:
			return queue.Page{}, &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldCursor, Rule: kurs.RuleUnknown}
		}
		t.Errorf("asked for %q, %q, %d", state, cursor, limit)
		return queue.Page{}, nil
	}
	if w := s.do(t, "GET", "/queues/email_queue/tasks?state=dead&cursor=20&limit=7", ""); w.Code != 200 || body(w) != `{"tasks":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := s.do(t, "GET", "/queues/email_queue/tasks?cursor=waiting:3:1-0", "")
	if p := problem(t, w); w.Code != 422 || p.Errors[0].Location != "query.cursor" {
		t.Errorf("%+v", p)
	}
}

// A list of large payloads shows the beginning of each, in whole characters and without
// what nobody should see.
func TestListCutsPayloads(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.queues.tasks = func(queue.State, string, int) (queue.Page, error) {
		payload := `{"password":"geheim","x":"` + strings.Repeat("ä", 30_000)
		return queue.Page{Tasks: []queue.TaskInfo{{ID: "1", State: queue.StateWaiting, Payload: []byte(payload), Size: 70_000}}}, nil
	}
	got := body(s.do(t, "GET", "/queues/email_queue/tasks", ""))
	if len(got) > 5000 || len(got) < 4000 || !utf8.ValidString(got) || strings.ContainsRune(got, utf8.RuneError) || strings.Contains(got, "geheim") || !strings.Contains(got, `"size":70000`) {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}

func TestChangeOfTasksSaysWhatWasLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []struct {
		done           kurs.TasksChanged
		retry, deleted int
		want           string
	}{
		{kurs.TasksChanged{Count: 100_000, More: true}, 200, 200, `{"count":100000,"more":true}`},
		{kurs.TasksChanged{Count: 2, Unfit: true}, 200, 200, `{"count":2,"unfit":true}`},
		{kurs.TasksChanged{Unfit: true}, 409, 200, `{"count":0,"unfit":true}`},
		{kurs.TasksChanged{}, 200, 200, `{"count":0}`},
	} {
		s.queues.change = func(_ string, got kurs.TaskSelection) (kurs.TasksChanged, error) {
			if got.State != "retrying" || got.IDs != nil {
				t.Errorf("asked for %+v", got)
			}
			return tt.done, nil
		}
		for target, status := range map[string]int{"retries": tt.retry, "deletions": tt.deleted} {
			w := s.do(t, "POST", "/queues/email_queue/"+target, `{"state":"retrying"}`)
			if w.Code != status || status == 200 && body(w) != tt.want {
				t.Errorf("%s of %+v: %d %s", target, tt.done, w.Code, w.Body)
			}
		}
	}
}

func TestMailsOfTheDemo(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for in, want := range map[string]string{
		`{"to":"max@example.com","subject":"Hallo","body":"Max"}`: `{"id":"id of a mail"}`,
		`{"broken":true}`: `{"id":"id of a broken one"}`,
	} {
		if w := s.do(t, "POST", "/demo/mails", in); w.Code != 202 || body(w) != want {
			t.Errorf("%s: %d %s", in, w.Code, w.Body)
		}
	}
	if w := s.do(t, "POST", "/demo/mails", `{"subject":"Hallo"}`); w.Code != 422 || problem(t, w).Detail != "Ungültige Eingabe: Feld „to“ fehlt." {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := newSite(t, Production).do(t, "POST", "/demo/mails", `{"broken":true}`, "Authorization", asAdmin); w.Code != 404 {
		t.Errorf("production: %d %s", w.Code, w.Body)
	}
}
