// Command webload loads one server and prints what it counted as JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/speedlayer/speedlayer/bench/web"
)

func main() {
	var t web.Target
	flag.StringVar(&t.Addr, "addr", "127.0.0.1:8000", "server to load, on this machine")
	flag.StringVar(&t.Path, "path", "/users/1", "what is asked for")
	flag.StringVar(&t.Header, "header", "", "one more line of the request, as \"Cookie: a=b\"")
	flag.IntVar(&t.Status, "status", 200, "status of a right answer")
	flag.StringVar(&t.Want, "want", "", "body of a right answer")
	flag.BoolVar(&t.Counts, "counts", false, "any digit of the body may be another one")
	flag.IntVar(&t.Connections, "connections", 64, "connections")
	flag.DurationVar(&t.Warm, "warm", 300*time.Millisecond, "time to warm up, not counted")
	flag.DurationVar(&t.For, "for", time.Second, "time that is counted")
	flag.Parse()
	count, err := web.Load(context.Background(), t)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
