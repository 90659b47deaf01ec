// Package memory lets many more keys pass through a cache than its local tier has
// room for, and watches whether the tier keeps its bound and the process its size.
package memory
