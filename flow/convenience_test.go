package flow

import "testing"

// TestIdleScorers changes a flow's values while a scorer of the old ones is
// out, which must not score again, and bounds those that wait.
func TestIdleScorers(t *testing.T) {
	c, err := RealNVP([]string{"a", "b"}, nil, Options{Layers: 1, Hidden: []int{4}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	borrow := func() *Scorer {
		s, err := f.borrow()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old := borrow()
	f.Model().Parameters().Edit(func([]float32) {})
	f.giveBack(borrow()) // there is a binding of the new values
	f.giveBack(old)
	for range 2 {
		if borrow() == old {
			t.Fatal("a scorer of the old values is lent again")
		}
	}
	var out []*Scorer
	for range maxIdle + 3 {
		out = append(out, borrow())
	}
	for _, s := range out {
		f.giveBack(s)
	}
	if len(f.scorers) != maxIdle {
		t.Errorf("%d scorers wait, want %d", len(f.scorers), maxIdle)
	}
}
