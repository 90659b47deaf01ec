package commits

import "context"

func relay(ctx context.Context, p Place) (func() error, error) { return nobody(ctx, p) }
