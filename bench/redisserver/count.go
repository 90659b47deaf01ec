package redisserver

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Commands returns how often each command was executed so far, those that scripts call
// included. Names are as Redis writes them: "get", "config|get".
func (s *Server) Commands(ctx context.Context) (map[string]int64, error) {
	info, err := s.info(ctx, "commandstats")
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64)
	for name, stats := range info {
		name, ok := strings.CutPrefix(name, "cmdstat_")
		if !ok {
			continue
		}
		calls, _, _ := strings.Cut(strings.TrimPrefix(stats, "calls="), ",")
		if counts[name], err = strconv.ParseInt(calls, 10, 64); err != nil {
			return nil, fmt.Errorf("redisserver: %s: %w", name, err)
		}
	}
	return counts, nil
}

// UsedMemory returns the bytes that the server has allocated. Connections are part of
// it, see [Server.Connections].
func (s *Server) UsedMemory(ctx context.Context) (int64, error) {
	return s.number(ctx, "memory", "used_memory")
}

// Connections returns how many there are.
func (s *Server) Connections(ctx context.Context) (int64, error) {
	return s.number(ctx, "clients", "connected_clients")
}

func (s *Server) number(ctx context.Context, section, name string) (int64, error) {
	info, err := s.info(ctx, section)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(info[name], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redisserver: %s: %w", name, err)
	}
	return n, nil
}

// KeyMemory returns the sum of MEMORY USAGE over all keys, and how many there are. It
// looks at each: nobody should write meanwhile.
func (s *Server) KeyMemory(ctx context.Context) (bytes, keys int64, err error) {
	for cursor := uint64(0); ; {
		page, err := s.admin.Do(ctx, s.admin.B().Scan().Cursor(cursor).Count(1000).Build()).AsScanEntry()
		if err != nil {
			return 0, 0, fmt.Errorf("redisserver: scan: %w", err)
		}
		for _, key := range page.Elements {
			n, err := s.admin.Do(ctx, s.admin.B().MemoryUsage().Key(key).Samples(0).Build()).AsInt64()
			if err != nil {
				return 0, 0, fmt.Errorf("redisserver: memory usage: %w", err)
			}
			bytes += n
			keys++
		}
		if cursor = page.Cursor; cursor == 0 {
			return bytes, keys, nil
		}
	}
}
