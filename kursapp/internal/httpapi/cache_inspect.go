package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// UserCache is what the routes ask that show and steer the cache. kurs.Users
// implements it.
type UserCache interface {
	Inspect(ctx context.Context, id int64) (cache.Inspection, error)
	Invalidate(ctx context.Context, id int64) error
	Warm(ctx context.Context, id int64) error
	Stampede(ctx context.Context, id int64, readers int) (kurs.Stampede, error)
}

type inspectionBody struct {
	Key   string              `json:"key" example:"cache:user:1" doc:"The key in Redis."`
	Now   int64               `json:"now" doc:"When this was looked at, in milliseconds since 1970."`
	Local localInspectionBody `json:"local" doc:"The memory of this instance."`
	Redis *redisInspection    `json:"redis" doc:"Null where Redis cannot be asked."`
}

type localInspectionBody struct {
	Enabled bool  `json:"enabled" doc:"There is a local tier."`
	Ready   bool  `json:"ready" doc:"It may be used now."`
	Present bool  `json:"present" doc:"A read would be answered from it."`
	Absent  bool  `json:"absent" doc:"What it remembers is that there is no such user."`
	TTL     int64 `json:"ttl_ms"`
}

type redisInspection struct {
	Present bool   `json:"present" doc:"There is something under the key."`
	Raw     string `json:"raw" doc:"The very string that lies there."`
	Bytes   int    `json:"bytes" doc:"How long it is."`
	TTL     int64  `json:"ttl_ms" doc:"0 where the key has no end, or there is nothing."`
	Absent  bool   `json:"absent" doc:"It says that there is no such user."`
	Reason  string `json:"reason" enum:"none,miss,unavailable,undecodable,stale" doc:"Why a read would ask the database in spite of it; none: it would not."`
	Loading bool   `json:"loading" doc:"Somebody, in any instance, is loading the user."`
}

type inspectionOutput struct {
	Body inspectionBody
}

type stampedeInput struct {
	ID   int64 `path:"id" example:"1" doc:"Id of the user."`
	Body struct {
		_       struct{} `json:"-" additionalProperties:"true"`
		Readers int      `json:"readers" required:"false" minimum:"1" maximum:"200" default:"100" doc:"How many read at once."`
	} `nameHint:"StampedeRequest"`
}

type stampedeBody struct {
	Readers   int   `json:"readers"`
	Loads     int   `json:"loads" doc:"How often the database was asked."`
	Collapsed int   `json:"collapsed" doc:"Readers that shared somebody else's load."`
	FromRedis int   `json:"from_redis" doc:"Readers that found the entry in Redis."`
	FromLocal int   `json:"from_local" doc:"Readers that found it in memory."`
	Errors    int   `json:"errors"`
	Duration  int64 `json:"duration_us" doc:"Until the last one had its answer."`
}

type stampedeOutput struct {
	Body stampedeBody
}

func (a *api) cacheRoutes() {
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "inspect-cache", Method: http.MethodGet, Path: "/cache/users/{id}",
		Summary:     "Look at what the cache has of a user",
		Description: "It is no read: no counter, no TTL and no order changes.",
		Tags:        []string{tagCache},
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), a.inspectCache)
	schemas := a.huma.OpenAPI().Components.Schemas
	nullable(schemas, schemas.Schema(reflect.TypeFor[inspectionBody](), true, ""), "redis")
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "invalidate-cache", Method: http.MethodPost, Path: "/cache/users/{id}/invalidation",
		Summary: "Make the cache forget a user",
		Tags:    []string{tagCache},
		Errors:  []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), a.invalidateCache)
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "warm-cache", Method: http.MethodPost, Path: "/cache/users/{id}/warming",
		Summary: "Read a user from the database into the cache",
		Tags:    []string{tagCache},
		Errors:  []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), a.warmCache)
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "stampede", Method: http.MethodPost, Path: "/cache/users/{id}/stampede",
		Summary:     "Invalidate a user and read it many times at once",
		Description: "However many read, the database is asked once. One stampede at a time.",
		Tags:        []string{tagCache}, MaxBodyBytes: -1,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}), a.stampede)
}

// mayOperate is kurs.Actor.MayOperate for require.
func mayOperate(actor kurs.Actor, _ int64) error { return actor.MayOperate() }

// opsOperation completes an operation that looks at or steers the speed layer.
func (a *api) opsOperation(op huma.Operation) huma.Operation {
	op.Middlewares = huma.Middlewares{a.require(mayOperate)}
	if a.mode != Demo {
		op.Security = anySession
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	return op
}

func (a *api) inspectCache(ctx context.Context, in *userIDInput) (*inspectionOutput, error) {
	found, err := a.Users.Inspect(ctx, in.ID)
	if err != nil && kurs.CodeOf(err) != kurs.CodeUnavailable {
		return nil, err
	}
	out := &inspectionOutput{inspectionBody{
		Key: found.Key, Now: time.Now().UnixMilli(),
		Local: localInspectionBody{
			Enabled: found.Local.Enabled, Ready: found.Local.Ready, Present: found.Local.Present,
			Absent: found.Local.Absent, TTL: found.Local.TTL.Milliseconds(),
		},
	}}
	if r := found.Redis; err == nil {
		out.Body.Redis = &redisInspection{
			Present: r.Present, Raw: string(r.Raw), Bytes: len(r.Raw), TTL: r.TTL.Milliseconds(), Absent: r.Absent,
			Reason: r.Reason.String(), Loading: r.Loading,
		}
	}
	return out, nil
}

func (a *api) invalidateCache(ctx context.Context, in *userIDInput) (*messageOutput, error) {
	if err := a.Users.Invalidate(ctx, in.ID); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textCacheInvalidated)}}, nil
}

func (a *api) warmCache(ctx context.Context, in *userIDInput) (*messageOutput, error) {
	if err := a.Users.Warm(ctx, in.ID); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textCacheWarmed)}}, nil
}

func (a *api) stampede(ctx context.Context, in *stampedeInput) (*stampedeOutput, error) {
	if _, err := a.again(ctx, mayOperate); err != nil {
		return nil, err
	}
	s, err := a.Users.Stampede(ctx, in.ID, in.Body.Readers)
	if err != nil {
		return nil, err
	}
	return &stampedeOutput{stampedeBody{
		Readers: s.Readers, Loads: s.Loads, Collapsed: s.Collapsed, FromRedis: s.FromRedis, FromLocal: s.FromLocal,
		Errors: s.Errors, Duration: s.Duration.Microseconds(),
	}}, nil
}
