package cachetest

// WaitReady is WaitLocal without a cache.
var WaitReady = waitReady
