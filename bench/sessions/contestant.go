package sessions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The lives of all contestants that have such: nothing ends while it is measured.
const (
	idleTimeout     = 30 * time.Minute
	absoluteTimeout = 24 * time.Hour
)

// connections is how many those have who need one for each command under way: as many
// as the benchmarks have goroutines. With fewer goroutines wait for each other, and the
// pool of redigo dials new ones all the time.
const connections = 64

// Profile is what a session is about, with its user: about 200 bytes.
type Profile struct {
	UserID int64
	Data
}

// Data is what is stored beside the user's id.
type Data struct {
	Name      string `json:"name"`
	Email     string `json:"email"`
	UserAgent string `json:"user_agent"`
	Address   string `json:"address"`
}

// The names under which contestants without types keep it.
const (
	keyUser      = "user_id"
	keyName      = "name"
	keyEmail     = "email"
	keyUserAgent = "user_agent"
	keyAddress   = "address"
)

// NewProfile is that of a user.
func NewProfile(user int64) Profile {
	return Profile{user, Data{
		Name:      "Max Mustermann",
		Email:     fmt.Sprintf("max.%d@example.com", user),
		UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		Address:   "2001:db8:85a3:8d3::/64",
	}}
}

// ErrNoSession is returned for a token that is, or no longer is, worth nothing.
var ErrNoSession = errors.New("sessions: no such session")

// Store is what a contestant can do.
type Store interface {
	// Login makes a session and returns what the client keeps.
	Login(ctx context.Context, p Profile) (token string, err error)
	// Visitor returns what the requests of one client do.
	Visitor(token string) Visitor
	// Logout ends the session.
	Logout(ctx context.Context, token string) error
	// Handler answers requests that have a session, through the contestant's
	// middleware where it has one, and others with an error.
	Handler(answer Answer) http.Handler
	// Cookie is the header Cookie of a client's requests.
	Cookie(token string) string
	// Close ends connections and goroutines.
	Close()
}

// Visitor does what each request pays for its session: it finds it, reads all of it
// and renews it where the contestant does. It is not safe for concurrent use.
type Visitor func(ctx context.Context) (Profile, error)

// Answer writes what the client asked for.
type Answer func(w http.ResponseWriter, p Profile)

// Place is where sessions are kept.
type Place struct {
	Redis string // address
	// TouchInterval is the least time between two renewals, for those who have such a
	// time. Default: a minute.
	TouchInterval time.Duration
}

// Kind is what a row measures.
type Kind int

// The kinds.
const (
	Visit  Kind = iota // requests
	Change             // logins and logouts
	Room               // the memory of Redis
)

// Contestant is one way to keep sessions.
type Contestant struct {
	// ID names it in the output of benchmarks, Name in tables.
	ID, Name string
	Open     func(ctx context.Context, p Place) (Store, error)
	// Memory says that a session in use is found without Redis.
	Memory bool
	// Heartbeat says that its PINGs come from time to time and not with requests. They
	// are counted for themselves.
	Heartbeat bool
	// Cannot says why a kind of work is not for it.
	Cannot map[Kind]string
}

// All returns the contestants in the order of the table.
func All() []Contestant {
	return []Contestant{
		speedlayer(), speedlayerRedis(), scsFixed(), scsIdle(), gorillaFixed(), gorillaSliding(),
	}
}

// Able returns those who can do a kind of work.
func Able(k Kind) []Contestant {
	var able []Contestant
	for _, c := range All() {
		if c.Cannot[k] == "" {
			able = append(able, c)
		}
	}
	return able
}

// silent is a ResponseWriter for cookies that nobody reads.
type silent struct{ header http.Header }

func newSilent() *silent { return &silent{make(http.Header)} }

func (s *silent) Header() http.Header         { return s.header }
func (s *silent) Write(b []byte) (int, error) { return len(b), nil }
func (s *silent) WriteHeader(int)             {}

// unauthorized is the answer to a request without a session.
func unauthorized(w http.ResponseWriter) {
	http.Error(w, ErrNoSession.Error(), http.StatusUnauthorized)
}
