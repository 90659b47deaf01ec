package outbox_test

import (
	"context"
	"fmt"

	"github.com/speedlayer/speedlayer/outbox"
)

func ExampleRelay() {
	table := newMemorySource(42) // in an application outboxpgx.NewSource

	ctx, stop := context.WithCancel(context.Background())
	relay := outbox.NewRelay(table, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			fmt.Println(row.Kind, row.Target+":"+row.Key)
		}
		stop()
		return make([]error, len(rows))
	}), outbox.Options{})
	if err := relay.Run(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: invalidate cache:user:42
}
