package postgres

import (
	"context"
	"math"
	"strings"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

// SearchUsers returns users whose name or address contains query, by id.
func (s *Store) SearchUsers(ctx context.Context, query string, after int64, limit int) ([]kurs.User, error) {
	if checkText(kurs.FieldQuery, query) != nil {
		return []kurs.User{}, nil //nolint:nilerr // no name or address has it
	}
	return read(ctx, s, "search users", func(ctx context.Context, q *dbsqlc.Queries) ([]kurs.User, error) {
		rows, err := q.SearchUsers(ctx, dbsqlc.SearchUsersParams{
			After: after, Pattern: searchPattern(query), MaxRows: int32(min(max(limit, 0), math.MaxInt32)),
		})
		users := make([]kurs.User, len(rows))
		for i, row := range rows {
			users[i] = kurs.User(row)
		}
		return users, err
	})
}

// searchPattern is a regular expression that finds query, each letter in any case. ILIKE
// would know the cases of the database's locale alone, of which there may be none but
// those of ASCII.
func searchPattern(query string) string {
	var b strings.Builder
	for _, r := range query {
		switch variants := kurs.CaseVariants(r); {
		case len(variants) > 1:
			b.WriteByte('[')
			b.WriteString(string(variants))
			b.WriteByte(']')
		case strings.ContainsRune(`.^$*+?()[]{}|\`, r):
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
