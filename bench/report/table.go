package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

// us is the contestant that the others are compared with.
const us = "speedlayer"

// overview is one line for each row and one column for each contestant.
func overview(r *Results) string {
	var b strings.Builder
	var notes footnotes
	peers := peer.All()
	b.WriteString("| |")
	for _, p := range peers {
		fmt.Fprintf(&b, " %s |", p.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(peers)) + "\n")
	for i, row := range work.Rows() {
		fmt.Fprintf(&b, "| %s |", row.Title)
		for _, p := range peers {
			fmt.Fprintf(&b, " %s |", r.overviewCell(i, row, p, &notes))
		}
		b.WriteString("\n")
	}
	b.WriteString("\nTime for one operation, in brackets how many times that of speedlayer (medians). Loads: fewer is better.\n\n")
	b.WriteString(notes.String())
	return b.String()
}

func (r *Results) overviewCell(i int, row work.Row, p peer.Peer, notes *footnotes) string {
	if reason := p.Cannot[row.Kind]; reason != "" {
		return "- " + notes.mark(reason)
	}
	values := r.metric(i, p.ID, row.Metric)
	if row.Metric != "ns/op" {
		return count(spreadOf(values).Median)
	}
	text := duration(spreadOf(values).Median)
	if p.ID != us {
		text += " (" + times(ratios(values, r.metric(i, us, row.Metric)).Median) + ")"
	}
	if remark := p.Remarks[row.Benchmark]; remark != "" {
		text += " " + notes.mark(remark)
	}
	if stale := spreadOf(r.metric(i, p.ID, "stale/op")); stale.Max > 0 {
		text += " " + notes.mark(fmt.Sprintf("%.0f %% of the values were old. %s", 100*stale.Median, p.Stale))
	}
	return text
}

// footnotes numbers reasons in the order of their appearance.
type footnotes []string

func (f *footnotes) mark(reason string) string {
	i := slices.Index(*f, reason)
	if i < 0 {
		i = len(*f)
		*f = append(*f, reason)
	}
	return fmt.Sprintf("<sup>%d</sup>", i+1)
}

func (f *footnotes) String() string {
	var b strings.Builder
	for i, reason := range *f {
		fmt.Fprintf(&b, "%d. %s\n", i+1, reason)
	}
	return b.String()
}

// details is one line for each cell of the overview that has a number.
func details(r *Results) string {
	var b strings.Builder
	b.WriteString("| work | contestant | time (min – max) | allocs | times speedlayer (min – max) |\n|---|---|--:|--:|--:|\n")
	for i, row := range work.Rows() {
		for _, p := range peer.Able(row.Kind) {
			ns := r.metric(i, p.ID, "ns/op")
			allocs := "-"
			if a := r.metric(i, p.ID, "allocs/op"); len(a) > 0 && row.Kind != work.Stampede {
				allocs = count(spreadOf(a).Median)
			}
			ratio := ""
			if p.ID != us {
				ratio = ratios(ns, r.metric(i, us, "ns/op")).in(times)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.Title, p.Name, spreadOf(ns).in(duration), allocs, ratio)
		}
	}
	return b.String()
}
