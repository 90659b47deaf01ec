package nearcache

import (
	"hash/maphash"
	"reflect"
	"sync"
	"sync/atomic"
)

const (
	maxShards  = 64
	shardBytes = 64 << 10 // a smaller bound has fewer shards
	stripes    = 64       // generations in each shard

	// itemOverhead is what an item takes beside its name, its value and what the
	// caller accounts for: the node and its place in the table.
	itemOverhead = 160
)

// Store keeps values under their keys in Redis, bounded in accounted bytes. Which
// value goes when room is needed follows SIEVE (Zhang et al., NSDI 2024): a hand
// moves from the oldest to the newest and takes the first one that was not read
// since it last came by. A scan of keys that are read once does not push out those
// that are read often. Safe for concurrent use.
type Store[T any] struct {
	seed      maphash.Seed
	shards    []shard[T]
	mask      uint64 // of a hash, for the shard
	overhead  int64
	evictions atomic.Uint64
}

// Item is a value in a [Store].
type Item[T any] struct {
	Value T

	name       string
	expires    int64
	cost       int64
	hash       uint64
	visited    atomic.Bool
	chain      atomic.Pointer[Item[T]] // of the table
	prev, next *Item[T]                // next is older
}

// Name is the key in Redis.
func (i *Item[T]) Name() string { return i.name }

// Expires is when the item counts as absent, in the clock of [Store.Get].
func (i *Item[T]) Expires() int64 { return i.expires }

type shard[T any] struct {
	items          table[T]
	mu             sync.Mutex // guards the rest, and changes of items
	newest, oldest *Item[T]
	hand           *Item[T] // nil: begins at the oldest
	bytes, bound   int64
	generations    [stripes]uint64
	_              [64]byte // keeps the locks of two shards off one cache line
}

// Ticket is taken before the question for a value is sent to Redis. It is only good
// for the name it was taken for.
type Ticket struct{ generation uint64 }

// NewStore returns an empty store that never accounts for more than maxBytes.
func NewStore[T any](maxBytes int64) *Store[T] {
	n := 1
	for n < maxShards && int64(2*n)*shardBytes <= maxBytes {
		n *= 2
	}
	s := &Store[T]{
		seed:     maphash.MakeSeed(),
		shards:   make([]shard[T], n),
		mask:     uint64(n - 1),                                     //nolint:gosec // n is 1 to 64
		overhead: itemOverhead + int64(reflect.TypeFor[T]().Size()), //nolint:gosec // the size of a type
	}
	for i := range s.shards {
		s.shards[i].items.reset()
		s.shards[i].bound = maxBytes / int64(n)
	}
	return s
}

// place returns the shard of a name and the index of its generation there.
func (s *Store[T]) place(hash uint64) (*shard[T], int) {
	return &s.shards[hash&s.mask], int(hash >> 32 % stripes)
}

// Get returns the item under name, or nil. now is in the caller's clock, the one
// that expires was given to [Store.Put] in. It does not allocate.
func (s *Store[T]) Get(name []byte, now int64) *Item[T] {
	hash := maphash.Bytes(s.seed, name)
	sh, _ := s.place(hash)
	it := sh.items.get(hash, name)
	if it == nil || it.expires <= now {
		return nil
	}
	if !it.visited.Load() { // so that readers of a hot item do not fight for its cache line
		it.visited.Store(true)
	}
	return it
}

// Peek is Get for somebody who only looks: it does not count as a read, so the item
// goes as soon as it would have gone anyway.
func (s *Store[T]) Peek(name string, now int64) *Item[T] {
	hash := maphash.String(s.seed, name)
	sh, _ := s.place(hash)
	it := sh.items.get(hash, []byte(name))
	if it == nil || it.expires <= now {
		return nil
	}
	return it
}

// Ticket returns a ticket for a name.
func (s *Store[T]) Ticket(name string) Ticket {
	sh, stripe := s.place(maphash.String(s.seed, name))
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return Ticket{sh.generations[stripe]}
}

// Put stores a value, unless its name was dropped since the ticket was taken, and
// reports whether it did. Dropping another name that shares its generation has the
// same effect. cost is what the value keeps in memory beside itself, in bytes; an
// item that would take more than an eighth of its shard's bound is not stored.
func (s *Store[T]) Put(t Ticket, name string, v T, cost, expires int64) bool {
	hash := maphash.String(s.seed, name)
	it := &Item[T]{Value: v, name: name, expires: expires, cost: cost + int64(len(name)) + s.overhead, hash: hash}
	sh, stripe := s.place(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.generations[stripe] != t.generation || it.cost > sh.bound/8 {
		return false
	}
	if old := sh.items.get(hash, []byte(name)); old != nil {
		sh.remove(old)
	}
	for sh.bytes+it.cost > sh.bound {
		sh.evict()
		s.evictions.Add(1)
	}
	sh.add(it)
	return true
}

// Drop removes a name and outdates the tickets that were taken for it.
func (s *Store[T]) Drop(name string) {
	hash := maphash.String(s.seed, name)
	sh, stripe := s.place(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.generations[stripe]++
	if it := sh.items.get(hash, []byte(name)); it != nil {
		sh.remove(it)
	}
}

// DropAll removes everything and outdates all tickets.
func (s *Store[T]) DropAll() {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		for j := range sh.generations {
			sh.generations[j]++
		}
		sh.items.reset()
		sh.newest, sh.oldest, sh.hand, sh.bytes = nil, nil, nil, 0
		sh.mu.Unlock()
	}
}

// Usage returns how many items there are and the bytes they account for.
func (s *Store[T]) Usage() (items int, bytes int64) {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		items += sh.items.n
		bytes += sh.bytes
		sh.mu.Unlock()
	}
	return items, bytes
}

// Evictions returns how many items had to make room for others.
func (s *Store[T]) Evictions() uint64 { return s.evictions.Load() }

func (sh *shard[T]) add(it *Item[T]) {
	it.next = sh.newest
	if sh.newest != nil {
		sh.newest.prev = it
	} else {
		sh.oldest = it
	}
	sh.newest = it
	sh.items.add(it)
	sh.bytes += it.cost
}

func (sh *shard[T]) remove(it *Item[T]) {
	if sh.hand == it {
		sh.hand = it.prev
	}
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		sh.newest = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		sh.oldest = it.prev
	}
	sh.items.remove(it)
	sh.bytes -= it.cost
}

// evict moves the hand to the first item that was not read and removes it. It is
// not called on an empty shard.
func (sh *shard[T]) evict() {
	it := sh.hand
	// Readers may set marks behind the hand; after two rounds any item will do.
	for range 2*sh.items.n + 1 {
		if it == nil {
			it = sh.oldest
		}
		if !it.visited.Swap(false) {
			break
		}
		it = it.prev
	}
	if it == nil {
		it = sh.oldest
	}
	sh.hand = it.prev
	sh.remove(it)
}
