package nearcache

// View is what [ParseView] makes of the answers of a node.
type View struct {
	Epoch    uint64
	Well     bool
	Me       string
	Master   bool
	Owners   []string
	Writers  map[string]int
	Settled  bool
	Failed   []string
	ByAddr   func(addr string) string
	Assigned int
}

// ParseView gives tests what only this package sees.
func ParseView(info, nodes string) (View, error) {
	v, err := parseView(info, nodes)
	if err != nil {
		return View{}, err
	}
	out := View{
		Epoch: v.epoch, Well: v.ok, Assigned: v.assigned, Me: v.me.id, Master: v.me.master,
		Owners: v.owners(), Writers: v.writers(), Settled: v.settled(),
		ByAddr: func(addr string) string {
			if n := v.find(addr); n != nil {
				return n.id
			}
			return ""
		},
	}
	for id, n := range v.nodes {
		if n.failed {
			out.Failed = append(out.Failed, id)
		}
	}
	return out, nil
}
