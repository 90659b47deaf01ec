package cache

import "iter"

// members yields the member names, with their quotes, of the JSON object raw,
// which must be valid JSON. Of any other value it yields nothing. It is a scan of
// the bytes without allocation, because it runs with every hit; decoding the
// object a second time, into a map, would cost more than the first.
func members(raw []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, wantName := 0, false
		for i := 0; i < len(raw); i++ {
			switch raw[i] {
			case '{':
				depth++
				wantName = depth == 1
			case '[':
				if depth++; depth == 1 {
					return // an array
				}
			case '}', ']':
				depth--
			case ',':
				wantName = depth == 1
			case '"':
				end := stringEnd(raw, i)
				if depth == 1 && wantName && !yield(raw[i:end]) {
					return
				}
				wantName = false
				i = end - 1
			}
		}
	}
}

// stringEnd returns the index behind the string that begins at start.
func stringEnd(raw []byte, start int) int {
	for i := start + 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}
