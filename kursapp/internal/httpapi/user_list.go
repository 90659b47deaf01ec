package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type userPageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Users on the page."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; without it the first page."`
	Query  string `query:"q" doc:"Only users whose name or e-mail address contains this, without regard to case. Such pages come from the database."`
}

func (a *api) userListRoute() {
	op := a.userOperation(huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/users",
		Summary: "List users, page by page",
		Description: "In production for administrators only. The first page comes through the cache; `Cache-Control: no-cache` " +
			"on the request reads the database. `If-None-Match` with the `ETag` of an earlier answer gets 304 while nothing has changed.",
		Middlewares: huma.Middlewares{a.require(func(actor kurs.Actor, _ int64) error { return actor.MayList() })},
		Errors:      []int{http.StatusServiceUnavailable},
	})
	op.Responses = cachedResponses(a.pageSchema())
	huma.Register(a.huma, op, a.listUsers)
}

// pageSchema returns the schema of kurs.UserPage, with what the domain has no tags for.
func (a *api) pageSchema() *huma.Schema {
	registry := a.huma.OpenAPI().Components.Schemas
	ref := registry.Schema(reflect.TypeFor[kurs.UserPage](), true, "UserPage")
	page := registry.SchemaFromRef(ref.Ref)
	page.Properties["users"].Description = "By id."
	page.Properties["users"].Nullable = false
	page.Properties["next_cursor"].Description = "Cursor of the next page; absent on the last one."
	return ref
}

// listUsers lets huma check the query and writes the page itself, as its bytes lie
// in the cache.
func (a *api) listUsers(ctx context.Context, in *userPageInput) (*huma.StreamResponse, error) {
	after, ok := kurs.ParseCursor(in.Cursor)
	if !ok {
		return nil, invalid("query.cursor", textParamInvalid)
	}
	page := a.Users.Page
	if in.Query != "" {
		page = func(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error) {
			return a.Users.Search(ctx, in.Query, after, limit)
		}
	} else if asksForFresh(exchangeOf(ctx).r.Header) {
		page = a.Users.PageFresh
	}
	e, err := page(ctx, after, in.Limit)
	if err != nil {
		return nil, inQuery(err)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		writeEntry(&a.entries, w, r, &e)
	}}, nil
}
