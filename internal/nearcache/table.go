package nearcache

import "sync/atomic"

// firstBuckets is the size of an empty table.
const firstBuckets = 8

// table finds items by name. One writer at a time changes it, under the shard's
// lock; readers take no lock, because a hot item would make all cores fight for it.
//
// A reader sees every item that was there from before it began until after it ended,
// except while the table grows: then it may be led astray and miss one, which costs
// a question to Redis. It never finds an item that was removed before it began: only
// one link leads to an item, and removal cuts it. Links are never circular, because
// growth links an item only to those it moved before.
type table[T any] struct {
	buckets atomic.Pointer[[]atomic.Pointer[Item[T]]]
	n       int
}

func (t *table[T]) reset() {
	b := make([]atomic.Pointer[Item[T]], firstBuckets)
	t.buckets.Store(&b)
	t.n = 0
}

// bucket is where the chain of a hash begins. The lower bits have chosen the shard.
func bucket[T any](buckets []atomic.Pointer[Item[T]], hash uint64) *atomic.Pointer[Item[T]] {
	return &buckets[hash>>8&uint64(len(buckets)-1)] //nolint:gosec // a length is not negative
}

// get is what readers call.
func (t *table[T]) get(hash uint64, name []byte) *Item[T] {
	it := bucket(*t.buckets.Load(), hash).Load()
	for it != nil && (it.hash != hash || it.name != string(name)) {
		it = it.chain.Load()
	}
	return it
}

func (t *table[T]) add(it *Item[T]) {
	buckets := *t.buckets.Load()
	if t.n >= len(buckets) {
		buckets = t.grow(buckets)
	}
	head := bucket(buckets, it.hash)
	it.chain.Store(head.Load())
	head.Store(it)
	t.n++
}

func (t *table[T]) grow(old []atomic.Pointer[Item[T]]) []atomic.Pointer[Item[T]] {
	buckets := make([]atomic.Pointer[Item[T]], 2*len(old))
	for i := range old {
		for it := old[i].Load(); it != nil; {
			next := it.chain.Load()
			head := bucket(buckets, it.hash)
			it.chain.Store(head.Load())
			head.Store(it)
			it = next
		}
	}
	t.buckets.Store(&buckets)
	return buckets
}

// remove takes out an item that is there.
func (t *table[T]) remove(it *Item[T]) {
	link := bucket(*t.buckets.Load(), it.hash)
	for link.Load() != it {
		link = &link.Load().chain
	}
	link.Store(it.chain.Load())
	t.n--
}
