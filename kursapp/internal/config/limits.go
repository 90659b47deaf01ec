package config

// LimitsFile says where the rate limits come from.
type LimitsFile struct {
	LimitsFile string `name:"limits-file" env:"KURSAPP_LIMITS_FILE" placeholder:"FILE" help:"TOML file with rate limits other than the default ones; changes of it count at once. Default: none."`
}

// Limits groups the commands about rate limits. They need Redis and no database.
type Limits struct {
	LimitsFile
	RedisURL string `env:"REDIS_URL" placeholder:"URL" help:"Redis, as redis://user:password@host:6379/0. Not needed to list."`

	List  LimitsList  `cmd:"" help:"List the limits and where they come from. With a file that is invalid it says why."`
	Show  LimitsShow  `cmd:"" help:"Show what one client, account or user has used up of a limit."`
	Reset LimitsReset `cmd:"" help:"Forget what one client, account or user has used up of a limit."`
}

// LimitsList configures `kursapp limits list`.
type LimitsList struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// LimitOf names a limit and who is counted.
type LimitOf struct {
	Rule    string `arg:"" help:"A rule, as \"kursapp limits list\" prints it."`
	Subject string `arg:"" help:"Who is counted: a client's address, an account's e-mail address or a user's id."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// LimitsShow configures `kursapp limits show`.
type LimitsShow struct{ LimitOf }

// LimitsReset configures `kursapp limits reset`.
type LimitsReset struct{ LimitOf }

// check refuses what is missing for one of the commands about limits.
func (l Limits) check(command string) error {
	if command != "list" && l.RedisURL == "" {
		return missing("REDIS_URL", redisForm)
	}
	return nil
}
