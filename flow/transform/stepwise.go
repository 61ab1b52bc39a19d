package transform

// Stepwise tells how many values a map keeps of each event on its way through the
// sites in one direction, or 0 where it takes all sites at once: those that go
// site by site do well to take many events together.
type Stepwise interface{ StepValues(inverse bool) int }

// StepValues returns what [Stepwise] says of a map, the most of those in a chain.
func StepValues(t Transform, inverse bool) int {
	switch t := t.(type) {
	case *Chain:
		most := 0
		for _, part := range t.transforms {
			most = max(most, StepValues(part, inverse))
		}
		return most
	case inverted:
		return StepValues(t.t, !inverse)
	case Stepwise:
		return t.StepValues(inverse)
	}
	return 0
}
