package kurs

import "context"

// Origin is who causes a change, and from where: what the audit log says of it beside
// the change itself.
type Origin struct {
	// Actor is the user who is logged in; 0 for nobody.
	Actor int64
	// ClientAddress is the client's address as ratelimit.ClientPrefix returns it.
	ClientAddress string
	// UserAgent is the client's name for itself.
	UserAgent string
	// By is how, where that is neither a person who is logged in nor one who logs in:
	// ByCode or ByCommandLine.
	By string
}

// How a change was made, where it is not plain from the actor. What the service does
// not know of is by "database": typed into psql, for example.
const (
	ByCode        = "code"         // of a mail
	ByCommandLine = "command line" // kursapp user …
)

type originKey struct{}

// WithOrigin returns a context whose changes the audit log says to be o's. It is
// carried by the context because it means nothing to what lies in between.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	o.UserAgent = cleanUserAgent(o.UserAgent)
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns the origin of what is done with ctx. It is false where nobody has
// said.
func OriginOf(ctx context.Context) (Origin, bool) {
	o, ok := ctx.Value(originKey{}).(Origin)
	return o, ok
}

// by returns a context whose changes are the actor's.
func by(ctx context.Context, actor Actor) context.Context {
	o, _ := OriginOf(ctx)
	o.Actor = 0
	if actor.loggedIn() {
		o.Actor = actor.UserID
	}
	return WithOrigin(ctx, o)
}

// byCode returns a context whose changes are those of somebody who had a code.
func byCode(ctx context.Context) context.Context {
	o, _ := OriginOf(ctx)
	o.Actor, o.By = 0, ByCode
	return WithOrigin(ctx, o)
}
