package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// Mode tells a production server from a demo. The zero value is the strict one.
type Mode int

// String returns "demo" or "production".
func (m Mode) String() string {
	if m == Demo {
		return "demo"
	}
	return "production"
}

// The two modes.
const (
	// Production asks for a session on every users route but registration.
	Production Mode = iota
	// Demo leaves the users routes open, answers under loopback names only,
	// takes a login from the query and shows the mails it would have sent.
	Demo
)

// Config is what New needs to know.
type Config struct {
	// Mode is Production or Demo; default Production.
	Mode Mode
	// CORSOrigins may call the API from a browser, each as scheme://host or
	// scheme://host:port; default none.
	CORSOrigins []string
	// Proxies find the address of a client; default: that of the connection.
	Proxies ratelimit.Proxies
	// Version is the version in the OpenAPI document; default "dev".
	Version string
	// Logger gets the access log; default none.
	Logger *slog.Logger

	recheck time.Duration // recheckInterval, unless a test says otherwise
}

// Deps is what the routes stand on. All are required, except Comparisons, Mailbox, Live
// and UI.
type Deps struct {
	Users    Users
	Accounts Accounts
	// Sessions reads the tokens of requests and sets the dashboard's cookie. Accounts
	// says what a token is worth.
	Sessions *kurs.Sessions
	Limits   Limits
	Queues   Queues
	// RedisHealthy reports whether Redis answers. It must return at once: it
	// stands on the path of GET /health.
	RedisHealthy func() bool
	// Comparisons measures reads; without it those routes are 404.
	Comparisons Comparisons
	// Mailbox holds the mails of the demo. Without it, and in production
	// always, GET /demo/mails is 404.
	Mailbox Mailbox
	// Live counts requests and feeds GET /web/live, which is 503 without it.
	Live Live
	// UI is the dashboard as it was built; nil where it was not.
	UI fs.FS
}

// Users is what the users routes ask. kurs.Users implements it; its errors are
// *kurs.Error. What comes through the cache has its JSON in Entry.Raw.
type Users interface {
	Get(ctx context.Context, id int64) (cache.Entry[kurs.User], error)
	GetFresh(ctx context.Context, id int64) (cache.Entry[kurs.User], error)
	Page(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error)
	PageFresh(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error)
	Search(ctx context.Context, query string, after int64, limit int) (cache.Entry[kurs.UserPage], error)
	Update(ctx context.Context, actor kurs.Actor, id int64, name, email string) (kurs.User, error)
	Delete(ctx context.Context, actor kurs.Actor, id int64) error
	UserCache
}

// Accounts is what registration, login, profile and logout ask. kurs.Accounts
// implements it; its errors are *kurs.Error. Logout returns nil for a token
// that is not known.
type Accounts interface {
	Register(ctx context.Context, r kurs.Registration) (kurs.User, error)
	Login(ctx context.Context, l kurs.Login) (kurs.LoginResult, error)
	Logout(ctx context.Context, token string) error
	Authenticate(ctx context.Context, token string) (kurs.Actor, error)
	Recognise(ctx context.Context, token string) (kurs.Actor, error)
	Profile(ctx context.Context, actor kurs.Actor) (cache.Entry[kurs.User], error)
	ProfileFresh(ctx context.Context, actor kurs.Actor) (cache.Entry[kurs.User], error)
	Devices(ctx context.Context, actor kurs.Actor) ([]kurs.Device, error)
	EndDevice(ctx context.Context, actor kurs.Actor, id string) error
	EndOtherDevices(ctx context.Context, actor kurs.Actor) error
	EndSessionsOf(ctx context.Context, actor kurs.Actor, id int64) error
	ConfirmEmail(ctx context.Context, token string) (kurs.User, error)
	ChangePassword(ctx context.Context, actor kurs.Actor, c kurs.PasswordChange) (kurs.LoginResult, error)
	RequestPasswordReset(ctx context.Context, email, clientPrefix string) error
	ResetPassword(ctx context.Context, n kurs.NewPassword) error
	Account(ctx context.Context, actor kurs.Actor, id int64) (kurs.AccountView, error)
	ChangeRole(ctx context.Context, actor kurs.Actor, id int64, role kurs.Role) (kurs.AccountView, error)
	Audit(ctx context.Context, actor kurs.Actor, q kurs.AuditQuery) (kurs.AuditPage, error)
}

// Limits is what the rate-limited route asks, what stands before all routes while
// GlobalOn, and what operators ask. kurs.Limits implements it.
type Limits interface {
	Data(ctx context.Context, clientPrefix string) (ratelimit.Rule, ratelimit.Result, error)
	GlobalOn() bool
	Global(ctx context.Context, clientPrefix string) error
	Current() []kurs.RateLimit
	Degraded() bool
	State(ctx context.Context, actor kurs.Actor, rule, subject string) (kurs.LimitState, error)
	Reset(ctx context.Context, actor kurs.Actor, rule, subject string) error
}

var (
	_ Users    = (*kurs.Users)(nil)
	_ Accounts = (*kurs.Accounts)(nil)
	_ Limits   = (*kurs.Limits)(nil)
)

// api is the handlers and what they share.
type api struct {
	Deps
	mode Mode
	log  *slog.Logger
	huma huma.API
	mux  *routeMux
	// proxies find the address of a client.
	proxies ratelimit.Proxies
	// dataHeaders tell of the limit of /api/data.
	dataHeaders ratelimit.HeaderCache
	refusals    refusals
	// tokens is how requests carry their sessions.
	tokens *session.HTTP[int64, kurs.SessionData]

	recheck time.Duration // of who watches

	entries        entryMemory
	warnQueryLogin sync.Once
}

// New returns the whole HTTP side of kursapp as one handler. It is safe for
// concurrent use, and several may live in one process.
//
// It fails when a dependency is missing or an origin is not one.
func New(d Deps, c Config) (http.Handler, error) {
	if d.Users == nil || d.Accounts == nil || d.Sessions == nil || d.Limits == nil || d.RedisHealthy == nil {
		return nil, errors.New("httpapi: Users, Accounts, Sessions, Limits and RedisHealthy are required")
	}
	if d.Queues == nil {
		return nil, errors.New("httpapi: Queues is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	a, err := newAPI(d, c)
	if err != nil {
		return nil, fmt.Errorf("httpapi: routes: %w", err)
	}
	h, err := guardOrigins(a.guardAll(limitBody(a.mux)), c.CORSOrigins)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	if c.Mode == Demo {
		h = guardHost(h)
	}
	f := newFront(h, c.Logger)
	f.live, f.course = d.Live, courseRoutes(a.mux.patterns)
	return f, nil
}

// newAPI registers all routes.
func newAPI(d Deps, c Config) (*api, error) {
	a := apiOf(d, c)
	a.proxies, a.recheck = c.Proxies, cmp.Or(c.recheck, recheckInterval)
	a.tokens = d.Sessions.HTTP(cookieOptions(c.Mode))
	if err := a.uiRoutes(); err != nil {
		return nil, err
	}
	a.serveDocument()
	return a, nil
}

// apiOf registers the routes that are the API. They stand in the document then, which
// asks nothing of d.
func apiOf(d Deps, c Config) *api {
	mux := &routeMux{ServeMux: http.NewServeMux()}
	a := &api{Deps: d, mode: c.Mode, log: c.Logger, mux: mux, huma: humago.New(mux, humaConfig(c))}
	a.huma.UseMiddleware(a.rememberExchange)
	a.routes()
	return a
}

// routeMux is a ServeMux that knows its patterns, so that no route escapes the table
// of who may do what (access_test.go).
type routeMux struct {
	*http.ServeMux
	patterns []string
}

func (m *routeMux) Handle(pattern string, h http.Handler) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.Handle(pattern, h)
}

func (m *routeMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

func (a *api) routes() {
	a.healthRoutes()
	a.userRoutes()
	a.accountRoutes()
	a.loginRoutes()
	a.profileRoutes()
	a.sessionRoutes()
	a.confirmRoutes()
	a.passwordRoutes()
	a.auditRoutes()
	a.dataRoutes()
	a.limitRoutes()
	a.queueRoutes()
	a.cacheRoutes()
	a.comparisonRoutes()
	a.webRoutes()
	a.docsRoutes()
	a.codeRoutes()
	a.meRoutes()
	a.liveRoutes()
	if a.mode == Demo && a.Mailbox != nil {
		a.demoRoutes()
	}
}
