package nearcache_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...) }
