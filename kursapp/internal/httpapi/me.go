package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// meBody is what the dashboard has to know before it shows anything.
type meBody struct {
	Mode           string     `json:"mode" enum:"demo,production"`
	Version        string     `json:"version"`
	Now            time.Time  `json:"now" doc:"The server's clock."`
	User           *meUser    `json:"user" doc:"Who is logged in, as at the login; null for nobody."`
	Session        *meSession `json:"session" doc:"Null where nobody is logged in."`
	SessionUnknown bool       `json:"session_unknown" doc:"Redis could not be asked, so user says nothing."`
	May            meMay      `json:"may"`
}

type meUser struct {
	ID    int64     `json:"id"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Role  kurs.Role `json:"role" enum:"admin,user"`
}

type meSession struct {
	ID         string    `json:"id"`
	BeganAt    time.Time `json:"began_at"`
	IdleEndsAt time.Time `json:"idle_ends_at" doc:"When it ends unless it is used. Asking here is no use of it."`
	EndsAt     time.Time `json:"ends_at"`
}

type meMay struct {
	Operate    bool `json:"operate" doc:"Look at caches, limits and queues, and steer them."`
	Administer bool `json:"administer" doc:"What only an administrator may who is logged in."`
}

type meOutput struct {
	Body meBody
}

func (a *api) meRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/web/me",
		Summary:     "Tell a browser who is logged in",
		Description: "Answers 200 to anybody: that nobody is logged in is no error. It prolongs no session.",
		Tags:        []string{tagBrowser},
	}, a.me)
	schemas := a.huma.OpenAPI().Components.Schemas
	nullable(schemas, schemas.Schema(reflect.TypeFor[meBody](), true, ""), "user", "session")
}

func (a *api) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	body := meBody{
		Mode: a.mode.String(), Version: a.huma.OpenAPI().Info.Version,
		Now: time.Now().UTC().Truncate(time.Millisecond),
	}
	actor, err := a.recognise(ctx)
	switch kurs.CodeOf(err) {
	case kurs.CodeUnavailable:
		body.SessionUnknown = true
	default:
		if err == nil {
			body.User, body.Session = describe(actor)
		}
	}
	if err != nil {
		actor = kurs.Actor{Anonymous: true}
	}
	actor.Demo = a.mode == Demo
	body.May.Operate = actor.MayOperate() == nil
	body.May.Administer = body.User != nil && actor.Role == kurs.RoleAdmin
	return &meOutput{body}, nil
}

// recognise returns the user who is logged in, in the demo too.
func (a *api) recognise(ctx context.Context) (kurs.Actor, error) {
	token, err := a.token(exchangeOf(ctx).r)
	if err != nil {
		return kurs.Actor{}, err
	}
	return a.Accounts.Recognise(ctx, token)
}

func describe(actor kurs.Actor) (*meUser, *meSession) {
	s := actor.Session
	if s == nil {
		return nil, nil
	}
	return &meUser{ID: actor.UserID, Name: s.Data.Name, Email: s.Data.Email, Role: actor.Role},
		&meSession{ID: s.ID, BeganAt: s.CreatedAt.UTC(), IdleEndsAt: s.IdleExpiresAt.UTC(), EndsAt: s.ExpiresAt.UTC()}
}
