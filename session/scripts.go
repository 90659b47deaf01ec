package session

import (
	_ "embed" // the scripts

	"github.com/speedlayer/speedlayer/internal/redisx"
)

//go:embed lua/create.lua
var createSource string

//go:embed lua/lookup.lua
var lookupSource string

//go:embed lua/touch.lua
var touchSource string

//go:embed lua/update.lua
var updateSource string

//go:embed lua/mark.lua
var markSource string

//go:embed lua/claim.lua
var claimSource string

//go:embed lua/revoke.lua
var revokeSource string

//go:embed lua/enlist.lua
var enlistSource string

//go:embed lua/index.lua
var indexSource string

//go:embed lua/epoch.lua
var epochSource string

//go:embed lua/renew.lua
var renewSource string

//go:embed lua/advance.lua
var advanceSource string

//go:embed lua/keep.lua
var keepSource string

//go:embed lua/replace.lua
var replaceSource string

//go:embed lua/settle.lua
var settleSource string

//go:embed lua/epoch_read.lua
var epochReadSource string

// Reads are scripts too: a client that sends read commands to replicas must not
// learn from a replica that lags behind that a session still lives.
var (
	createScript    = redisx.NewScript(createSource)
	lookupScript    = redisx.NewScript(lookupSource)
	touchScript     = redisx.NewScript(touchSource)
	updateScript    = redisx.NewScript(updateSource)
	markScript      = redisx.NewScript(markSource)
	claimScript     = redisx.NewScript(claimSource)
	revokeScript    = redisx.NewScript(revokeSource)
	enlistScript    = redisx.NewScript(enlistSource)
	indexScript     = redisx.NewScript(indexSource)
	epochScript     = redisx.NewScript(epochSource)
	renewScript     = redisx.NewScript(renewSource)
	advanceScript   = redisx.NewScript(advanceSource)
	keepScript      = redisx.NewScript(keepSource)
	replaceScript   = redisx.NewScript(replaceSource)
	settleScript    = redisx.NewScript(settleSource)
	epochReadScript = redisx.NewScript(epochReadSource)
)
