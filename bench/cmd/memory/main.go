// Command memory lets ten million keys pass through a cache with a small local tier
// and writes what the process grew to. It takes minutes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/bench/memory"
	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/report"
)

func main() {
	millions := flag.Int("millions", 10, "millions of keys")
	mebi := flag.Int64("local-mib", 32, "bound of the local tier, in MiB")
	out := flag.String("out", "", "Markdown file whose section \"memory\" is replaced; printed if empty")
	flag.Parse()
	if err := run(context.Background(), *millions, *mebi<<20, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, millions int, bound int64, out string) error {
	redis, err := redisserver.Start(ctx, memory.RedisArgs()...)
	if err != nil {
		return err
	}
	defer redis.Stop()
	began := time.Now()
	var stages []int
	for m := 1; m <= millions; m++ {
		stages = append(stages, m*1_000_000)
	}
	seen, err := memory.Run(ctx, memory.Config{
		Addr: redis.Addr(), LocalBytes: bound, Stages: stages,
		Progress: func(format string, args ...any) {
			fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
		},
	})
	if err != nil {
		return err
	}
	version, err := redis.Version(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Measured on %s: %d cores, Go %s, Redis %s. ", time.Now().Format("2 January 2006"),
		runtime.NumCPU(), strings.TrimPrefix(runtime.Version(), "go"), version) + memory.Table(bound, shown(seen))
	if out == "" {
		fmt.Print(text)
		return nil
	}
	return report.ReplaceIn(out, "memory", text)
}

// shown are the stages that the table has lines for: the first, the middle, the last.
func shown(stages []memory.Stage) []memory.Stage {
	n := len(stages)
	if n < 3 {
		return stages
	}
	return []memory.Stage{stages[0], stages[(n-1)/2], stages[n-1]}
}
