package autograd

// Detached runs do, whose operations take parameters as constants: gradients go
// through them to what they were computed from, and none to parameters. So a
// density can be differentiated by the place where it is asked for alone, as the
// path derivative of variational inference wants it (Roeder, Wu and Duvenaud,
// 2017). Values are those that do computes without it.
func (g *Graph) Detached(do func()) {
	if !g.recording {
		do()
		return
	}
	var was bool
	g.Record(func() { g.inputs = was })
	do()
	g.Record(func() { was, g.inputs = g.inputs, true })
}
