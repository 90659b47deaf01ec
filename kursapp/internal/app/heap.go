package app

import (
	"os"
	"runtime"
)

// heapFloor is how much the garbage collector is made to believe that kursapp
// holds besides what it does hold.
//
// The collector runs whenever the heap has doubled. kursapp holds a few MiB, so
// with cached answers at full speed it ran 35 times a second, which took a sixth
// of the processor. With the floor it runs six or seven times a second, and the
// process takes some 20 MiB more. A higher floor gains no more: then what is
// allocated no longer fits into the processor's caches. A percentage (GOGC) would
// do the same for a small heap, but multiply a full local cache as well.
const heapFloor = 16 << 20

// holdHeapFloor holds the floor until release is called. The memory is never
// touched, so the system does not give any for it. Whoever has set GOGC or
// GOMEMLIMIT has decided otherwise.
func holdHeapFloor() (release func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	floor := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(floor) }
}
