package report

import (
	"fmt"
	"strings"

	"github.com/speedlayer/speedlayer/bench/web"
)

// webTable has the requests per second of each server.
func webTable(w web.Result) string {
	text := serverTable(w, []Column{
		{web.NetHTTP, "bare net/http: the same bytes and constant headers, no cache"},
		{web.KursappLocal, "**kursapp**, local tier"},
		{web.ByHandLocal, "net/http with rueidis `DoCache`"},
		{web.KursappRedis, "**kursapp**, Redis tier"},
		{web.ByHandRedis, "net/http with rueidis `GET`"},
	})
	if w.NoRedisTier {
		text += fmt.Sprintf("\n-: this kursapp does not understand %s=0.\n", web.LocalCacheVariable)
	}
	return text
}

func serverTable(w web.Result, servers []Column) string {
	var b strings.Builder
	b.WriteString("| server | requests/s (min – max) | of bare net/http (min – max) |\n|---|--:|--:|\n")
	for _, s := range servers {
		rates := w.Rates[s.ID]
		if len(rates) == 0 {
			fmt.Fprintf(&b, "| %s | - | - |\n", s.Name)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.Name,
			spreadOf(rates).in(count), ratios(rates, w.Rates[web.NetHTTP]).in(digits))
	}
	return b.String()
}
