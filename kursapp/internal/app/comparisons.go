package app

import (
	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
)

// newComparisons returns what measures reads. Its caches have the users' keys, so they
// agree with the users' own about the life of an entry.
func (a *App) newComparisons() *compare.Runner {
	database := "PostgreSQL"
	if _, ok := a.store.store.(*sqlite.Store); ok {
		database = "SQLite"
	}
	return compare.NewRunner(compare.Options{
		Store: a.store, Client: a.redis, Cache: cache.Options{NegativeTTL: absentTTL}, Database: database, Logger: a.log,
	})
}
