package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
)

// openProduction opens the database for a command about accounts, which a
// demo's database has no business with.
func openProduction(ctx context.Context, url string, log *slog.Logger) (*postgres.Store, error) {
	store, err := openPostgres(url, quiet(log))
	if err != nil {
		return nil, err
	}
	if err := store.EnsureProduction(ctx); err != nil {
		store.Close()
		if errors.Is(err, postgres.ErrNotMigrated) {
			return nil, config.Usagef("the database has no tables yet: run \"kursapp migrate up\" first")
		}
		return nil, ownership(err)
	}
	return store, nil
}

func userAdd(ctx context.Context, c config.UserAdd, log *slog.Logger, s streams) error {
	name, err := kurs.ValidateName(c.Name)
	if err != nil {
		return describe(err)
	}
	email, err := kurs.ValidateEmail(c.Email)
	if err != nil {
		return describe(err)
	}
	password, err := readPassword(ctx, s)
	if err != nil {
		return err
	}
	if _, err := kurs.ValidatePassword(password); err != nil {
		return describe(err)
	}
	hasher, err := kurs.NewHasher(kurs.HasherOptions{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	store, err := openProduction(ctx, c.DatabaseURL, log)
	if err != nil {
		return err
	}
	defer store.Close()
	u, err := store.CreateUser(byCommandLine(ctx), kurs.NewAccount{Name: name, Email: email, PasswordHash: hash, Role: kurs.Role(c.Role)})
	if errors.Is(err, kurs.ErrEmailTaken) {
		return config.Usagef("the address %s is taken", email)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "Account %d created: %s (%s), role %s.\n", u.ID, u.Name, u.Email, c.Role)
	return err
}

// byCommandLine says in the audit log how a change was made.
func byCommandLine(ctx context.Context) context.Context {
	return kurs.WithOrigin(ctx, kurs.Origin{By: kurs.ByCommandLine})
}

// describe says which argument breaks which rule.
func describe(err error) error {
	var e *kurs.Error
	if !errors.As(err, &e) || e.Code != kurs.CodeInvalid {
		return err
	}
	what := map[kurs.Rule]string{
		kurs.RuleRequired:    "must not be empty",
		kurs.RuleTooLong:     "is too long",
		kurs.RuleTooShort:    "is too short",
		kurs.RuleNotAnEmail:  "is not an e-mail address",
		kurs.RuleControlChar: "contains control characters",
		kurs.RuleTooCommon:   "is among the most common ones",
	}[e.Rule]
	if e.Field == "password" {
		what += " (8 to 128 characters)"
	}
	return config.Usagef("the %s %s", e.Field, what)
}

// readPassword asks twice on a terminal, and reads one line otherwise.
func readPassword(ctx context.Context, s streams) (string, error) {
	file, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(s.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := ask(ctx, file, s.err, "Password (8 to 128 characters): ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	second, err := ask(ctx, file, s.err, "Once more: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if first != second {
		return "", config.Usagef("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// ask reads a line from a terminal without showing it. Ctrl-C gives the
// terminal back as it was.
func ask(ctx context.Context, terminal *os.File, out io.Writer, prompt string) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(out, prompt)
	defer fmt.Fprintln(out)
	type answer struct {
		line []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		answered <- answer{line, err}
	}()
	select {
	case a := <-answered:
		return string(a.line), a.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}

func userList(ctx context.Context, c config.UserList, log *slog.Logger, out io.Writer) error {
	store, err := openProduction(ctx, c.DatabaseURL, log)
	if err != nil {
		return err
	}
	defer store.Close()
	users, err := store.Users(ctx, 0, c.Limit)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tE-MAIL\tROLE\tCREATED")
	for _, u := range users {
		account, err := store.Account(ctx, u.ID)
		if errors.Is(err, kurs.ErrUserNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", account.ID, account.Name, account.Email, account.Role, account.CreatedAt.Format("2006-01-02 15:04"))
	}
	return table.Flush()
}

func userSetRole(ctx context.Context, c config.UserSetRole, log *slog.Logger, out io.Writer) error {
	store, err := openProduction(ctx, c.DatabaseURL, log)
	if err != nil {
		return err
	}
	defer store.Close()
	account, err := store.AccountByEmail(ctx, strings.TrimSpace(c.Email))
	if errors.Is(err, kurs.ErrUserNotFound) {
		return config.Usagef("there is no account with the address %s", c.Email)
	}
	if err != nil {
		return err
	}
	if err := store.SetRole(byCommandLine(ctx), account.ID, kurs.Role(c.Role)); err != nil {
		return err
	}
	if account.Role == kurs.Role(c.Role) {
		_, err = fmt.Fprintf(out, "%s (%s) is already: %s. Nothing changes.\n", account.Name, account.Email, c.Role)
		return err
	}
	_, err = fmt.Fprintf(out, "%s (%s) is now: %s. Its sessions end, and the next login has the new role.\n", account.Name, account.Email, c.Role)
	return err
}
