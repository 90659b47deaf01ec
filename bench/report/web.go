package report

import (
	"fmt"
	"strings"

	"github.com/speedlayer/speedlayer/bench/web"
)

// webTable has the requests per second of each server.
func webTable(w web.Result) string {
	var b strings.Builder
	b.WriteString("| server | requests/s (min – max) | of bare net/http (min – max) |\n|---|--:|--:|\n")
	for _, s := range []struct{ id, name string }{
		{web.NetHTTP, "bare net/http: the same bytes and constant headers, no cache"},
		{web.KursappLocal, "**kursapp**, local tier"},
		{web.ByHandLocal, "net/http with rueidis `DoCache`"},
		{web.KursappRedis, "**kursapp**, Redis tier"},
		{web.ByHandRedis, "net/http with rueidis `GET`"},
	} {
		rates := w.Rates[s.id]
		if len(rates) == 0 {
			fmt.Fprintf(&b, "| %s | - | - |\n", s.name)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.name,
			spreadOf(rates).in(count), ratios(rates, w.Rates[web.NetHTTP]).in(digits))
	}
	if w.NoRedisTier {
		fmt.Fprintf(&b, "\n-: this kursapp does not understand %s=0.\n", web.LocalCacheVariable)
	}
	return b.String()
}
