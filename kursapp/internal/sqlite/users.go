package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

// User returns one user.
func (s *Store) User(ctx context.Context, id int64) (kurs.User, error) {
	return read(ctx, s, "user", func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.User(ctx, id)
		return kurs.User(row), err
	})
}

// Users returns at most limit users with an id greater than after, by id.
func (s *Store) Users(ctx context.Context, after int64, limit int) ([]kurs.User, error) {
	return read(ctx, s, "users", func(ctx context.Context, q *dbsqlc.Queries) ([]kurs.User, error) {
		// To SQLite a negative limit is none.
		rows, err := q.Users(ctx, dbsqlc.UsersParams{After: after, MaxRows: int64(max(limit, 0))})
		users := make([]kurs.User, len(rows))
		for i, row := range rows {
			users[i] = kurs.User(row)
		}
		return users, err
	})
}

// Account returns a user with role and password hash.
func (s *Store) Account(ctx context.Context, id int64) (kurs.Account, error) {
	return read(ctx, s, "account", func(ctx context.Context, q *dbsqlc.Queries) (kurs.Account, error) {
		row, err := q.Account(ctx, id)
		return account(row), err
	})
}

// AccountByEmail finds the account whose address equals email without regard
// to case.
func (s *Store) AccountByEmail(ctx context.Context, email string) (kurs.Account, error) {
	if checkText(kurs.FieldEmail, email) != nil {
		// No account has such an address, and lower() would stop at a NUL.
		return kurs.Account{}, kurs.ErrUserNotFound
	}
	return read(ctx, s, "account by email", func(ctx context.Context, q *dbsqlc.Queries) (kurs.Account, error) {
		row, err := q.AccountByEmail(ctx, email)
		return account(row), err
	})
}

func account(row dbsqlc.User) kurs.Account {
	return kurs.Account{
		User:         kurs.User{ID: row.ID, Name: row.Name, Email: row.Email},
		Role:         kurs.Role(row.Role),
		PasswordHash: row.PasswordHash,
		CreatedAt:    time.UnixMicro(row.CreatedAt).UTC(),

		CredentialsVersion: row.CredentialsVersion,
	}
}

// UpdateUser sets name and address.
func (s *Store) UpdateUser(ctx context.Context, id int64, name, email string, notices ...kurs.EmailNotice) (kurs.User, error) {
	if err := cmp.Or(checkText(kurs.FieldName, name), checkText(kurs.FieldEmail, email)); err != nil {
		return kurs.User{}, err
	}
	return changeEmail(ctx, s, "update user", notices, func(ctx context.Context, q *dbsqlc.Queries) (before, after kurs.User, err error) {
		old, err := q.User(ctx, id)
		if err != nil {
			return before, after, err
		}
		row, err := q.UpdateUser(ctx, dbsqlc.UpdateUserParams{ID: id, Name: name, Email: email})
		return kurs.User(old), kurs.User(row), err
	})
}

// RenameUser sets the name alone.
func (s *Store) RenameUser(ctx context.Context, id int64, name string) (kurs.User, error) {
	if err := checkText(kurs.FieldName, name); err != nil {
		return kurs.User{}, err
	}
	return write(ctx, s, "rename user", func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.RenameUser(ctx, dbsqlc.RenameUserParams{ID: id, Name: name})
		return kurs.User(row), err
	})
}

// DeleteUser removes a user and everything that belongs to it.
func (s *Store) DeleteUser(ctx context.Context, id int64) error {
	return oneUser(write(ctx, s, "delete user", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.DeleteUser(ctx, id)
	}))
}

// RemoveUser is DeleteUser, but leaves the only administrator.
func (s *Store) RemoveUser(ctx context.Context, id int64) error {
	return oneUser(write(ctx, s, "remove user", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		if err := anotherAdmin(ctx, q, id); err != nil {
			return 0, err
		}
		return q.DeleteUser(ctx, id)
	}))
}

// anotherAdmin fails with ErrLastAdmin where the account is the only administrator. That
// holds until the end of the transaction: there is one writer at a time.
func anotherAdmin(ctx context.Context, q *dbsqlc.Queries, id int64) error {
	present, err := q.Account(ctx, id)
	if err != nil || present.Role != string(kurs.RoleAdmin) {
		return err
	}
	others, err := q.OtherAdmin(ctx, id)
	if err == nil && !others {
		err = kurs.ErrLastAdmin
	}
	return err
}

// SetRole changes what an account may do.
func (s *Store) SetRole(ctx context.Context, id int64, role kurs.Role) error {
	return oneUser(write(ctx, s, "set role", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.SetRole(ctx, dbsqlc.SetRoleParams{ID: id, Role: string(role)})
	}))
}

// ChangeRole is SetRole, but leaves the only administrator.
func (s *Store) ChangeRole(ctx context.Context, id int64, role kurs.Role) error {
	return oneUser(write(ctx, s, "change role", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		if role != kurs.RoleAdmin {
			if err := anotherAdmin(ctx, q, id); err != nil {
				return 0, err
			}
		}
		return q.SetRole(ctx, dbsqlc.SetRoleParams{ID: id, Role: string(role)})
	}))
}

// ReplacePasswordHash stores next only where the present hash is old.
func (s *Store) ReplacePasswordHash(ctx context.Context, id int64, old, next string) (bool, error) {
	return write(ctx, s, "replace password hash", func(ctx context.Context, q *dbsqlc.Queries) (bool, error) {
		n, err := q.ReplacePasswordHash(ctx, dbsqlc.ReplacePasswordHashParams{ID: id, Old: old, Next: next})
		if err == nil && n == 0 {
			_, err = q.User(ctx, id) // tells another hash from no user
		}
		return n > 0, err
	})
}

// CredentialsVersions returns the versions of those users that exist.
func (s *Store) CredentialsVersions(ctx context.Context, ids []int64) (map[int64]int64, error) {
	return read(ctx, s, "credentials versions", func(ctx context.Context, q *dbsqlc.Queries) (map[int64]int64, error) {
		versions := make(map[int64]int64, len(ids))
		for chunk := range slices.Chunk(ids, 1000) { // SQLite bounds the number of parameters
			rows, err := q.CredentialsVersions(ctx, chunk)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				versions[row.ID] = row.CredentialsVersion
			}
		}
		return versions, nil
	})
}

// oneUser turns the number of changed rows into an error where it is 0.
func oneUser(rows int64, err error) error {
	if err == nil && rows == 0 {
		return kurs.ErrUserNotFound
	}
	return err
}
