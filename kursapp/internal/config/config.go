// Package config reads kursapp's command line and environment into one
// struct. A flag wins over the environment, the environment over the default;
// `kursapp --help` and `kursapp <command> --help` show all three.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Config is everything that one run of kursapp was told.
type Config struct {
	LogLevel slog.Level `name:"log-level" env:"KURSAPP_LOG_LEVEL" default:"info" help:"Least important log line that is written: debug, info, warn or error."`

	Demo    Demo    `cmd:"" help:"Run everything with nothing installed: private Redis, SQLite, 10,000 sample users, a built-in mailbox. Loopback only."`
	Serve   Serve   `cmd:"" help:"Run the production server on PostgreSQL and Redis, with the task worker in it."`
	Worker  Worker  `cmd:"" help:"Run only the task worker (sends the mails)."`
	Migrate Migrate `cmd:"" help:"Look at or change the state of the database schema."`
	User    User    `cmd:"" help:"Manage accounts from the shell, for example the first administrator."`
	Queue   Queue   `cmd:"" help:"Look at the tasks (mails) and repair what went wrong: dead letters, pauses."`
	Limits  Limits  `cmd:"" help:"Look at the rate limits, and at what somebody has used up of them."`
	OpenAPI OpenAPI `cmd:"" name:"openapi" help:"Print the OpenAPI document of the demo, which has all routes, as JSON. Needs nothing."`
	Version Version `cmd:"" help:"Print the version and exit."`

	// Command is the chosen sub-command in kong's form, such as "serve" or
	// "user add <email>".
	Command string `kong:"-"`
}

// Cache says how much of what Redis knows is also kept in this process.
type Cache struct {
	LocalMB int `name:"local-cache-mb" env:"KURSAPP_LOCAL_CACHE_MB" default:"32" help:"Memory for users that are served without asking Redis, in MiB; 0 asks Redis each time."`

	LocalSessionsMB int `name:"local-sessions-mb" env:"KURSAPP_LOCAL_SESSIONS_MB" default:"16" help:"Memory for sessions in use, whose requests are let in without asking Redis, in MiB; 0 asks Redis each time."`
}

// LocalBytes bounds the users in memory; 0: none are.
func (c Cache) LocalBytes() int64 { return int64(c.LocalMB) << 20 }

// LocalSessionBytes bounds the sessions in memory; 0: none are.
func (c Cache) LocalSessionBytes() int64 { return int64(c.LocalSessionsMB) << 20 }

// Metrics says where Prometheus scrapes.
type Metrics struct {
	MetricsAddr string `env:"KURSAPP_METRICS_ADDR" placeholder:"ADDR" help:"Address that serves GET /metrics for Prometheus to whoever can reach it, as 127.0.0.1:9101. Default: none."`
}

// Audit says how long the audit log is kept.
type Audit struct {
	AuditDays int `env:"KURSAPP_AUDIT_DAYS" default:"365" help:"How many days the audit log is kept; 0 keeps it for good."`
}

// AuditRetention is how long an entry is kept; 0 is for good.
func (a Audit) AuditRetention() time.Duration { return time.Duration(a.AuditDays) * 24 * time.Hour }

// Demo configures `kursapp demo`.
type Demo struct {
	Cache
	Metrics
	Audit
	LimitsFile
	Addr        string   `env:"KURSAPP_ADDR" default:"127.0.0.1:8000" help:"Loopback address to listen on."`
	DataDir     string   `type:"path" placeholder:"DIR" help:"Folder of the SQLite file, kept between runs. Default: a temporary folder, removed at the end."`
	RedisURL    string   `env:"REDIS_URL" placeholder:"URL" help:"Redis to use. Default: a private redis-server if one is installed, else one inside the process."`
	DatabaseURL string   `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL on loopback to use, empty or marked by an earlier demo. Default: SQLite."`
	CORSOrigins []string `name:"cors-origins" env:"KURSAPP_CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins of front ends that may call the API from a browser, separated by commas."`
}

// Backends are the two services that production needs.
type Backends struct {
	DatabaseURL string `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as postgres://user:password@host:5432/database. Prefer the environment: arguments are visible to other users of the machine."`
	RedisURL    string `env:"REDIS_URL" placeholder:"URL" help:"Redis, as redis://user:password@host:6379/0 (rediss:// for TLS, several hosts for a Cluster, ?master_set=name for Sentinel)."`
}

// Mail says how mails leave the house.
type Mail struct {
	SMTPURL   string `name:"smtp-url" env:"SMTP_URL" placeholder:"URL" help:"Mail server, as smtp://host:port or smtps://user:password@host. Without it mail tasks wait."`
	MailFrom  string `env:"KURSAPP_MAIL_FROM" default:"kursapp@localhost" help:"Sender address of the mails."`
	PublicURL string `name:"public-url" env:"KURSAPP_PUBLIC_URL" default:"http://localhost:8000" help:"Where people reach this service; the mails name it."`
}

// Serve configures `kursapp serve`.
type Serve struct {
	Backends
	Mail
	Cache
	Metrics
	Audit
	LimitsFile
	Proxies
	Addr        string   `env:"KURSAPP_ADDR" default:":8000" help:"Address to listen on."`
	CORSOrigins []string `name:"cors-origins" env:"KURSAPP_CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins of front ends that may call the API from a browser, separated by commas."`
	Migrate     bool     `default:"true" negatable:"" help:"Bring the database schema up to date at start, as soon as PostgreSQL answers."`
	Worker      bool     `default:"true" negatable:"" help:"Run the task worker in this process too."`
}

// Worker configures `kursapp worker`.
type Worker struct {
	Backends
	Mail
}

// Migrate groups the commands about the schema.
type Migrate struct {
	Up     MigrateUp     `cmd:"" help:"Bring the schema up to date (safe to run from several places at once)."`
	Status MigrateStatus `cmd:"" help:"List the migrations and whether they were applied."`
	Undemo MigrateUndemo `cmd:"" help:"Turn a demo's database into an ordinary one: delete the sample users (Max with his known password above all), then the mark. With REDIS_URL the demo's keys go too."`
}

// Database is the one setting of the commands that need no Redis.
type Database struct {
	DatabaseURL string `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as postgres://user:password@host:5432/database."`
}

// MigrateUp configures `kursapp migrate up`.
type MigrateUp struct{ Database }

// MigrateStatus configures `kursapp migrate status`.
type MigrateStatus struct{ Database }

// MigrateUndemo configures `kursapp migrate undemo`.
type MigrateUndemo struct {
	Database
	RedisURL string `env:"REDIS_URL" placeholder:"URL" help:"The demo's Redis, cleared as well when given."`
}

// User groups the commands about accounts.
type User struct {
	Add     UserAdd     `cmd:"" help:"Create an account. The password is asked for, or read from standard input."`
	List    UserList    `cmd:"" help:"List the accounts."`
	SetRole UserSetRole `cmd:"" name:"set-role" help:"Make an account an administrator, or an ordinary user again."`
}

// UserAdd configures `kursapp user add`.
type UserAdd struct {
	Database
	Email string `arg:"" help:"E-mail address, the login name."`
	Name  string `required:"" help:"Display name."`
	Role  string `enum:"user,admin" default:"user" help:"Role of the account: user or admin."`
}

// UserList configures `kursapp user list`.
type UserList struct {
	Database
	Limit int `default:"100" help:"How many accounts to print at most."`
}

// UserSetRole configures `kursapp user set-role`.
type UserSetRole struct {
	Database
	Email string `arg:"" help:"E-mail address of the account."`
	Role  string `arg:"" enum:"user,admin" help:"New role: user or admin."`
}

// OpenAPI configures `kursapp openapi`.
type OpenAPI struct{}

// Version configures `kursapp version`.
type Version struct{}

// UsageError is a command line or environment that kursapp cannot run with.
// The process exits with status 2.
type UsageError struct{ msg string }

func (e *UsageError) Error() string { return e.msg }

// ErrHelp is returned after help was printed because it was asked for.
var ErrHelp = errors.New("config: help was printed")

const description = `kursapp: users, logins, rate limits and mails on PostgreSQL with Redis as the speed layer.

To look around, run "kursapp demo": it needs nothing installed. For production set DATABASE_URL and REDIS_URL and run "kursapp serve".`

// Parse reads args (without the program's name) and the environment. Help goes
// to stdout. The error is ErrHelp, or a *UsageError that says what to change.
func Parse(args []string, stdout, stderr io.Writer) (*Config, error) {
	var c Config
	helped := false
	parser, err := kong.New(&c,
		kong.Name("kursapp"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ignoreEmptyVariables(parser)
	kctx, err := parser.Parse(args)
	if helped {
		return nil, ErrHelp
	}
	if err != nil {
		return nil, &UsageError{err.Error() + "\nRun \"kursapp --help\" to see what there is."}
	}
	c.Command = kctx.Command()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &c, nil
}

// ignoreEmptyVariables makes a variable that is set to nothing count as unset,
// which is what somebody who writes KURSAPP_ADDR= into an env file means.
func ignoreEmptyVariables(parser *kong.Kong) {
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			flag.Tag.Envs = slices.DeleteFunc(flag.Tag.Envs, func(name string) bool {
				value, set := os.LookupEnv(name)
				return set && value == ""
			})
		}
		return next(nil)
	})
}

func (c *Config) validate() error {
	name, sub, _ := strings.Cut(c.Command, " ")
	switch name {
	case "demo":
		return c.Demo.check()
	case "serve":
		return errors.Join(c.Serve.require("kursapp serve"), c.Serve.check())
	case "worker":
		return errors.Join(c.Worker.require("kursapp worker"), c.Worker.check())
	case "queue":
		sub, _, _ = strings.Cut(sub, " ")
		return c.Queue.check(sub)
	case "limits":
		sub, _, _ = strings.Cut(sub, " ")
		return c.Limits.check(sub)
	}
	switch c.Command {
	case "migrate up":
		return c.Migrate.Up.require()
	case "migrate status":
		return c.Migrate.Status.require()
	case "migrate undemo":
		return c.Migrate.Undemo.require()
	case "user add <email>":
		return c.User.Add.require()
	case "user list":
		return c.User.List.require()
	case "user set-role <email> <role>":
		return c.User.SetRole.require()
	}
	return nil
}

const (
	databaseForm = "postgres://user:password@host:5432/database" //nolint:gosec // the words user and password, not any
	redisForm    = "redis://host:6379/0"
)

func missing(variable, form string) error {
	return &UsageError{fmt.Sprintf("%s is not set. Set it to an address like %s", variable, form)}
}

func (d Database) require() error {
	if d.DatabaseURL == "" {
		return missing("DATABASE_URL", databaseForm)
	}
	return nil
}

func (b Backends) require(command string) error {
	var errs []error
	if b.DatabaseURL == "" {
		errs = append(errs, missing("DATABASE_URL", databaseForm))
	}
	if b.RedisURL == "" {
		errs = append(errs, missing("REDIS_URL", redisForm))
	}
	if len(errs) > 0 {
		errs = append(errs, &UsageError{command + " needs PostgreSQL and Redis; \"kursapp demo\" runs without either"})
	}
	return errors.Join(errs...)
}

// check refuses what would open the demo to the network, and mistakes.
func (d Demo) check() error {
	errs := []error{loopbackAddr("KURSAPP_ADDR", d.Addr), origins(d.CORSOrigins), d.Cache.check(), d.Audit.check()}
	if d.MetricsAddr != "" {
		errs = append(errs, loopbackAddr("KURSAPP_METRICS_ADDR", d.MetricsAddr))
	}
	return errors.Join(errs...)
}

func (s Serve) check() error {
	return errors.Join(origins(s.CORSOrigins), s.Mail.check(), s.Cache.check(), s.Metrics.check(), s.Audit.check(), s.Proxies.check())
}

// check refuses what no listener could be opened on.
func (m Metrics) check() error {
	if m.MetricsAddr == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(m.MetricsAddr); err != nil || port == "" {
		return &UsageError{fmt.Sprintf("KURSAPP_METRICS_ADDR %q is not an address. Write it like 127.0.0.1:9101", m.MetricsAddr)}
	}
	return nil
}

// maxLocalMB is 64 GiB. Whoever means more has most likely written bytes.
const maxLocalMB = 64 << 10

// check refuses sizes that can only be mistakes.
func (c Cache) check() error {
	if c.LocalMB < 0 || c.LocalMB > maxLocalMB {
		return &UsageError{fmt.Sprintf("KURSAPP_LOCAL_CACHE_MB is %d. It counts MiB, from 0 (no local cache) to %d", c.LocalMB, maxLocalMB)}
	}
	if c.LocalSessionsMB < 0 || c.LocalSessionsMB > maxLocalMB {
		return &UsageError{fmt.Sprintf("KURSAPP_LOCAL_SESSIONS_MB is %d. It counts MiB, from 0 (no sessions in memory) to %d", c.LocalSessionsMB, maxLocalMB)}
	}
	return nil
}

// maxAuditDays is a century.
const maxAuditDays = 36_500

func (a Audit) check() error {
	if a.AuditDays < 0 || a.AuditDays > maxAuditDays {
		return &UsageError{fmt.Sprintf("KURSAPP_AUDIT_DAYS is %d. It counts days, from 0 (for good) to %d", a.AuditDays, maxAuditDays)}
	}
	return nil
}

// check refuses an address that the mails could not name.
func (m Mail) check() error {
	u, err := url.Parse(m.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return &UsageError{"KURSAPP_PUBLIC_URL is not the address of a website. Write it like https://kurs.example.com"}
	}
	return nil
}

// loopbackAddr refuses an address on which the open demo would be reachable
// from other machines.
func loopbackAddr(variable, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return &UsageError{fmt.Sprintf("%s %q is not an address. Write it like 127.0.0.1:8000", variable, addr)}
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
		return nil
	}
	return &UsageError{fmt.Sprintf("%s %q is not a loopback address. The demo is open to everybody, so it listens on 127.0.0.1, [::1] or localhost only; \"kursapp serve\" is for the network", variable, addr)}
}

// origins checks that every entry is a web origin and nothing more.
func origins(list []string) error {
	for _, o := range list {
		u, err := url.Parse(o)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || o != u.Scheme+"://"+u.Host {
			return &UsageError{fmt.Sprintf("KURSAPP_CORS_ORIGINS: %q is not an origin. Write it like https://app.example.com, without a path or a slash at the end", o)}
		}
	}
	return nil
}

// IsUsage reports whether err is about the command line or the environment.
func IsUsage(err error) bool {
	var u *UsageError
	return errors.As(err, &u)
}

// Usagef makes a *UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}
