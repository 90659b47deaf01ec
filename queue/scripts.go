package queue

import (
	"embed"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

//go:embed lua/*.lua
var sources embed.FS

// Scripts are immutable and know no server; all queues share them.
var (
	registerScript    = script("register")
	renewScript       = script("renew")
	fetchScript       = redisx.NewScript(source("fetch"))
	doneScript        = redisx.NewScript(source("done"))
	upkeepScript      = script("upkeep")
	settleScript      = script("settle")
	reapScript        = script("reap")
	pardonScript      = script("pardon")
	heldScript        = script("held")
	leaveScript       = script("leave")
	addScript         = script("add")
	tickScript        = script("tick")
	clockScript       = script("clock")
	keptScript        = script("kept")
	keptIDsScript     = script("kept_ids")
	findScript        = script("find")
	statsScript       = script("stats")
	listEntriesScript = script("list_entries")
	listKeptScript    = script("list_kept")
)

func script(name string) *redisx.Script {
	return redisx.NewScript(source("prelude") + source(name))
}

func source(name string) string {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is part of this package
	}
	return string(text)
}
