package queue

import (
	_ "embed"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var (
	//go:embed lua/prelude.lua
	prelude string
	//go:embed lua/claim.lua
	claimLua string
	//go:embed lua/extend.lua
	extendLua string
	//go:embed lua/done.lua
	doneLua string
	//go:embed lua/retry.lua
	retryLua string
	//go:embed lua/bury.lua
	buryLua string
	//go:embed lua/reap.lua
	reapLua string
	//go:embed lua/disown.lua
	disownLua string
	//go:embed lua/remove.lua
	removeLua string
	//go:embed lua/revive.lua
	reviveLua string
	//go:embed lua/dead.lua
	deadLua string
	//go:embed lua/stats.lua
	statsLua string
)

// Scripts are immutable and know no server; all queues share them.
var (
	claimScript  = redisx.NewScript(prelude + claimLua)
	extendScript = redisx.NewScript(prelude + extendLua)
	doneScript   = redisx.NewScript(prelude + doneLua)
	retryScript  = redisx.NewScript(prelude + retryLua)
	buryScript   = redisx.NewScript(prelude + buryLua)
	reapScript   = redisx.NewScript(prelude + reapLua)
	disownScript = redisx.NewScript(prelude + disownLua)
	removeScript = redisx.NewScript(prelude + removeLua)
	reviveScript = redisx.NewScript(prelude + reviveLua)
	deadScript   = redisx.NewScript(prelude + deadLua)
	statsScript  = redisx.NewScript(prelude + statsLua)
)
