package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type auditInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Entries on the page."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; without it the newest."`
	User   int64  `query:"user" minimum:"1" doc:"Only entries about this user, or caused by it."`

	Kinds []auditKind `query:"kind" nullable:"false" doc:"Only entries with one of these actions, separated by commas."`
}

// auditKind is a kurs.AuditAction that the document lists.
type auditKind kurs.AuditAction

// Schema implements huma.SchemaProvider.
func (auditKind) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, action := range kurs.AuditActions() {
		s.Enum = append(s.Enum, string(action))
	}
	return s
}

type auditBody struct {
	Entries    []kurs.AuditEntry `json:"entries" nullable:"false" doc:"The newest first."`
	NextCursor string            `json:"next_cursor,omitempty" doc:"Cursor of the next page; absent on the last one."`
}

type auditOutput struct {
	Body auditBody
}

func (a *api) auditRoutes() {
	huma.Register(a.huma, a.operation(huma.Operation{
		OperationID: "audit", Method: http.MethodGet, Path: "/audit",
		Summary: "Read the audit log, page by page",
		Description: "Who did what to which account, limit or queue, when and from where. In production for administrators only; in the demo, which answers on loopback alone, for everybody. " +
			"An entry has an `actor_id` where somebody was logged in, and a `subject_id` where it is about an account. " +
			"`by` in its detail says how a change was made otherwise: by the code of a mail, from the command line, or in the database itself.",
		Tags: []string{tagSessions},
	}, kurs.Actor.MayReadAudit), a.auditLog)
	schemas := a.huma.OpenAPI().Components.Schemas
	entry := schemas.SchemaFromRef(schemas.Schema(reflect.TypeFor[kurs.AuditEntry](), true, "").Ref)
	entry.Properties["action"] = auditKind("").Schema(schemas)
}

func (a *api) auditLog(ctx context.Context, in *auditInput) (*auditOutput, error) {
	before, ok := kurs.ParseCursor(in.Cursor)
	if !ok {
		return nil, invalid("query.cursor", textParamInvalid)
	}
	q := kurs.AuditQuery{Before: before, User: in.User, Limit: in.Limit}
	for _, kind := range in.Kinds {
		q.Actions = append(q.Actions, kurs.AuditAction(kind))
	}
	page, err := a.Accounts.Audit(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return &auditOutput{auditBody(page)}, nil
}
