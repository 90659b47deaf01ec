// Package ownredis gives a test a Redis of its own: a redis-server, or where there is
// none miniredis. It is the ground under the packages that help to test code which uses
// this module, cachetest and sessiontest.
package ownredis
