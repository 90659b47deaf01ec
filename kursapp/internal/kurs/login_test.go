package kurs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestLoginBeginsASession(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	l := loginOf(user)
	l.Email, l.UserAgent = " MAX@Example.com ", "Browser\x00/1\n\xff"+strings.Repeat("x", 1000)
	first, err := w.accounts.Login(t.Context(), l)
	if err != nil || first.User != user || len(first.Token) < 32 {
		t.Fatalf("got %+v, a token of %d characters, %v; want %+v", first.User, len(first.Token), err, user)
	}
	second := w.login(t, user)
	if second.Token == first.Token {
		t.Error("the same token twice")
	}
	for _, s := range []kurs.LoginResult{first, second} {
		if actor := w.authenticate(t, s.Token); actor.UserID != user.ID || actor.Role != kurs.RoleUser || actor.Anonymous || actor.Demo {
			t.Errorf("actor %+v", actor)
		}
	}
	hash := w.redisHash(t, "session:"+first.Session.ID)
	for field, want := range map[string]string{"user_id": "1", "name": "Max", "email": "max@example.com"} {
		if hash[field] != want {
			t.Errorf("session field %s is %q, want %q", field, hash[field], want)
		}
	}
	if agent := hash["user_agent"]; !strings.HasPrefix(agent, "Browser/1xxx") || len(agent) > 256 {
		t.Errorf("user agent %.20q of %d bytes", agent, len(agent))
	}
}

func (w *world) redisHash(t *testing.T, key string) map[string]string {
	t.Helper()
	hash, err := w.client.Do(t.Context(), w.client.B().Hgetall().Key(key).Build()).AsStrMap()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestNoSecretAndNoImmortalKeyInRedis looks at everything that logins leave.
func TestNoSecretAndNoImmortalKeyInRedis(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	w.authenticate(t, s.Token)
	wrong := loginOf(user)
	wrong.Password = "not-the-password"
	for _, email := range []string{user.Email, "nobody@example.com"} {
		wrong.Email = email
		_, err := w.accounts.Login(t.Context(), wrong)
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	if _, err := w.accounts.Register(t.Context(), kurs.Registration{
		Name: "Ada", Email: "ada@example.com", Password: "another-password", ClientPrefix: "192.0.2.1",
	}); err != nil {
		t.Fatal(err)
	}
	keys := w.keys(t)
	if len(w.keysWith(t, "session:")) < 2 || len(w.keysWith(t, "rate:")) < 3 {
		t.Fatalf("too few keys to look at: %v", keys)
	}
	for _, key := range keys {
		ttl, err := w.client.Do(t.Context(), w.client.B().Pttl().Key(key).Build()).AsInt64()
		if err != nil || ttl <= 0 {
			t.Errorf("%s: TTL %d, %v", key, ttl, err)
		}
		content := key + " " + w.redis.CLI(t, "DUMP", key)
		if w.redis.CLI(t, "TYPE", key) == "hash" {
			for field, value := range w.redisHash(t, key) {
				content += " " + field + " " + value
			}
		}
		for _, secret := range []string{s.Token, password(user.Name), wrong.Password, "another-password"} {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds a secret", key)
			}
		}
		if strings.HasPrefix(key, "rate:") && strings.Contains(key, "@") {
			t.Errorf("%s names an account", key)
		}
	}
	if !slices.ContainsFunc(keys, func(key string) bool {
		return strings.HasPrefix(key, "rate:") && strings.Contains(key, "192.0.2.1")
	}) {
		t.Errorf("no rate key names the client's address: %v", keys)
	}
}

// TestBadCredentialsAreIndistinguishable compares what an attacker could
// measure: the error, the hashing, and the round trips to the database and to
// Redis.
func TestBadCredentialsAreIndistinguishable(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.addWithHash(t, "Sample", kurs.RoleUser, "")
	w.addWithHash(t, "Broken", kurs.RoleUser, "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAA")
	w.login(t, user) // Redis knows the scripts
	attempt := func(email string) (errText string, derivations, asked, commands int64) {
		w.derivations.Store(0)
		w.store.calls.Store(0)
		w.client.calls.Store(0)
		_, err := w.accounts.Login(t.Context(), kurs.Login{Email: email, Password: "wrong-password", ClientPrefix: "192.0.2.1"})
		wantCode(t, err, kurs.CodeBadCredentials)
		return err.Error(), w.derivations.Load(), w.store.calls.Load(), w.client.calls.Load()
	}
	attempt("warm-up@example.com")
	wantText, wantDerivations, wantAsked, wantCommands := attempt(user.Email)
	if wantDerivations != 1 || wantAsked != 2 || wantCommands != 3 {
		t.Errorf("a wrong password: %d derivations, %d calls of the database, %d of Redis; want 1, 2, 3",
			wantDerivations, wantAsked, wantCommands)
	}
	for _, email := range []string{"nobody@example.com", "sample@example.com", "broken@example.com", "no address", "nul\x00@example.com", ""} {
		text, derivations, asked, commands := attempt(email)
		if text != wantText || derivations != wantDerivations || asked != wantAsked || commands != wantCommands {
			t.Errorf("%q: %q, %d derivations, %d calls of the database, %d of Redis; a wrong password: %q, %d, %d, %d",
				email, text, derivations, asked, commands, wantText, wantDerivations, wantAsked, wantCommands)
		}
	}
}

func TestImpossiblePasswordIsNotHashed(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for _, password := range []string{"", strings.Repeat("a", 129), strings.Repeat("a", 1<<20)} {
		for _, email := range []string{user.Email, "nobody@example.com"} {
			_, err := w.accounts.Login(t.Context(), kurs.Login{Email: email, Password: password, ClientPrefix: "192.0.2.1"})
			wantCode(t, err, kurs.CodeBadCredentials)
		}
	}
	w.wantDerivations(t, 0)
}

func TestShortPasswordOfOldLogsIn(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	hash, err := w.hasher.Hash(t.Context(), "test123") // the course sheet's
	if err != nil {
		t.Fatal(err)
	}
	user := w.addWithHash(t, "Max", kurs.RoleAdmin, hash)
	if _, err := w.accounts.Login(t.Context(), kurs.Login{Email: user.Email, Password: "test123", ClientPrefix: "127.0.0.1"}); err != nil {
		t.Error(err)
	}
}

func TestLoginReplacesAHashOfOtherParameters(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	old, err := newHasher(t, kurs.HasherOptions{Params: kurs.Params{MemoryKiB: 128, Time: 1}}).Hash(t.Context(), password("Max"))
	if err != nil {
		t.Fatal(err)
	}
	user := w.addWithHash(t, "Max", kurs.RoleUser, old)
	s := w.login(t, user)
	w.wantDerivations(t, 2)
	account, err := w.store.Account(t.Context(), user.ID)
	if err != nil || !strings.HasPrefix(account.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the hash is still %.30s, %v", account.PasswordHash, err)
	}
	w.authenticate(t, s.Token)
	w.login(t, user)
	w.wantDerivations(t, 1)
}

func TestWrongPasswordReplacesNoHash(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	old, err := newHasher(t, kurs.HasherOptions{Params: kurs.Params{MemoryKiB: 128, Time: 1}}).Hash(t.Context(), password("Max"))
	if err != nil {
		t.Fatal(err)
	}
	user := w.addWithHash(t, "Max", kurs.RoleUser, old)
	_, err = w.accounts.Login(t.Context(), kurs.Login{Email: user.Email, Password: "wrong-password", ClientPrefix: "192.0.2.1"})
	wantCode(t, err, kurs.CodeBadCredentials)
	if account, err := w.store.Account(t.Context(), user.ID); err != nil || account.PasswordHash != old {
		t.Errorf("the hash was replaced: %v", err)
	}
}

func TestLoginWithoutRedisOrDatabase(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*testing.T, *world){
		"Redis gone":    func(t *testing.T, w *world) { t.Helper(); w.redis.Kill(t) },
		"database gone": func(_ *testing.T, w *world) { w.store.down.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user := w.add(t, "Max", kurs.RoleUser)
			breakIt(t, w)
			for _, email := range []string{user.Email, "nobody@example.com"} {
				_, err := w.accounts.Login(t.Context(), kurs.Login{Email: email, Password: password("Max"), ClientPrefix: "192.0.2.1"})
				wantCode(t, err, kurs.CodeUnavailable)
			}
			w.wantDerivations(t, 0)
		})
	}
}
