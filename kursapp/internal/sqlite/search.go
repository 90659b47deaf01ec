package sqlite

import (
	"context"
	"strings"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

// SearchUsers returns users whose name or address contains query, by id.
func (s *Store) SearchUsers(ctx context.Context, query string, after int64, limit int) ([]kurs.User, error) {
	if checkText(kurs.FieldQuery, query) != nil {
		return []kurs.User{}, nil //nolint:nilerr // no name or address has it
	}
	return read(ctx, s, "search users", func(ctx context.Context, q *dbsqlc.Queries) ([]kurs.User, error) {
		rows, err := q.SearchUsers(ctx, dbsqlc.SearchUsersParams{
			After: after, Pattern: searchPattern(query), MaxRows: int64(max(limit, 0)),
		})
		users := make([]kurs.User, len(rows))
		for i, row := range rows {
			users[i] = kurs.User(row)
		}
		return users, err
	})
}

// searchPattern is a pattern of GLOB that finds query, each letter in any case. LIKE
// knows the cases of ASCII alone.
func searchPattern(query string) string {
	var b strings.Builder
	b.WriteByte('*')
	for _, r := range query {
		switch variants := kurs.CaseVariants(r); {
		case len(variants) > 1 || strings.ContainsRune(`*?[`, r):
			b.WriteByte('[')
			b.WriteString(string(variants))
			b.WriteByte(']')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('*')
	return b.String()
}
