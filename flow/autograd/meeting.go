package autograd

import "sync"

// Meeting is where the tiles of a minibatch come together, so that an operation
// of the graph can depend on all of them: [Pass.Fold], [Pass.Gather] and
// [Pass.Once]. Each tile is a goroutine; as many as there are workers compute
// at once, and a tile that waits for the others lets one of them compute.
// Results depend on the order of the tiles alone.
type Meeting struct {
	tiles, events int
	tokens        chan struct{} // held by a tile that computes

	mutex   sync.Mutex
	wake    *sync.Cond
	arrived int
	round   int
	ended   bool
	failure any // what a tile panicked with

	parts [][]float64
	rows  []Value
	sum   []float64
}

// NewMeeting returns a meeting of the tiles of a minibatch of so many events.
func NewMeeting(tiles, events, workers int) *Meeting {
	m := &Meeting{tiles: tiles, events: events, tokens: make(chan struct{}, max(1, workers))}
	m.wake = sync.NewCond(&m.mutex)
	m.parts, m.rows = make([][]float64, tiles), make([]Value, tiles)
	return m
}

// ended is the panic that takes a tile out of a meeting which is over.
type ended struct{}

// Run calls do once for each tile, each on a goroutine of its own, and returns
// when all have returned. It tells whether the meeting reached its end, or was
// ended before. A panic of a tile ends the meeting and goes on in the caller.
func (m *Meeting) Run(do func(tile int)) bool {
	var group sync.WaitGroup
	for tile := range m.tiles {
		group.Go(func() {
			m.tokens <- struct{}{}
			defer func() { <-m.tokens }()
			defer func() {
				if r := recover(); r != nil {
					m.end(r)
				}
			}()
			do(tile)
		})
	}
	group.Wait()
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.failure != nil {
		panic(m.failure)
	}
	return !m.ended
}

// End makes the tiles that meet from now on leave: [Meeting.Run] returns false.
func (m *Meeting) End() { m.end(ended{}) }

func (m *Meeting) end(reason any) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.ended = true
	if _, ok := reason.(ended); !ok && m.failure == nil {
		m.failure = reason
	}
	m.wake.Broadcast()
}

// meet waits until every tile has come, each of which leaves something first,
// and the last of which runs last.
func (m *Meeting) meet(leave, last func()) {
	<-m.tokens
	m.mutex.Lock()
	leave()
	m.arrived++
	if round := m.round; m.arrived == m.tiles && !m.ended {
		last()
		m.arrived = 0
		m.round++
		m.wake.Broadcast()
	} else {
		for m.round == round && !m.ended {
			m.wake.Wait()
		}
	}
	over := m.ended
	m.mutex.Unlock()
	m.tokens <- struct{}{}
	if over {
		panic(ended{})
	}
}

// fold returns the sums of what all tiles bring, added up in tile order.
func (m *Meeting) fold(tile int, own []float64) []float64 {
	m.meet(func() { m.parts[tile] = own }, func() {
		m.sum = make([]float64, len(own))
		for _, part := range m.parts {
			for i, v := range part {
				m.sum[i] += v
			}
		}
	})
	return m.sum
}

// Join makes p the pass of a tile of a minibatch, in which operations may
// depend on all of its tiles. It is called from [Meeting.Run], before the pass
// computes.
func (p *Pass) Join(m *Meeting, tile int) { p.meeting, p.tile = m, tile }

// Meets tells whether p is a tile of a minibatch whose tiles meet, as in
// training. In scoring a tile is alone.
func (p *Pass) Meets() bool { return p.meeting != nil }

// Learns tells whether the minibatch is one that the model learns from: its
// parameters are differentiated.
func (p *Pass) Learns() bool { return p.meeting != nil && p.mode == Differentiate }

// BatchRows returns the number of rows of all tiles of the minibatch, where x
// is this tile's part of them.
func (p *Pass) BatchRows(x Value) int {
	if p.meeting == nil {
		return x.Rows
	}
	return x.Rows / len(p.LogDet.Values) * p.meeting.events
}

// Fold returns the sums of all tiles of the minibatch, added up in tile order.
// Every tile must call it. Alone it returns sums equal to own.
//
// Backward: own gets the sum of the gradients of all tiles' results, in tile
// order.
func (p *Pass) Fold(own Sums) Sums {
	m, tile := p.meeting, p.tile
	if m == nil {
		return own
	}
	s := p.Sums(len(own.Values))
	if p.folds.replaying() {
		copy(s.Values, p.folds.take())
	} else {
		copy(s.Values, m.fold(tile, own.Values))
		p.folds.keep(s.Values)
	}
	if p.recording {
		p.Record(func() {
			for i, d := range m.fold(tile, s.Gradient) {
				own.Gradient[i] += d
			}
		})
	}
	return s
}

// Gather returns the rows of x of all tiles of the minibatch, in tile order. It
// is not differentiated. Every tile must call it.
func (p *Pass) Gather(x Value) Value {
	m := p.meeting
	if m == nil {
		return x
	}
	m.meet(func() { m.rows[p.tile] = x }, func() {})
	y := p.gathered(x)
	m.meet(func() {}, func() { clear(m.rows) }) // x is others' to read until here
	return y
}

// GatherOnce runs do, on one of the tiles, with the rows of x of all of them, in
// tile order, when all have come; then all go on. It keeps the rows once, where
// Gather keeps them for each tile. Alone it does nothing, and neither does it
// when a segment of the tape is replayed.
func (p *Pass) GatherOnce(x Value, do func(rows Value)) {
	m := p.meeting
	if m == nil || p.folds.replaying() {
		return
	}
	m.meet(func() { m.rows[p.tile] = x }, func() {
		mark := p.Mark()
		do(p.gathered(x))
		p.Release(mark)
		clear(m.rows)
	})
}

// gathered returns the rows that the tiles brought, in memory of its own.
func (p *Pass) gathered(x Value) Value {
	y := p.newValue(p.BatchRows(x), x.Cols, false)
	at := 0
	for _, part := range p.meeting.rows {
		p.do.copy(y.data().slice(at, part.Rows), part.data())
		at += part.Rows
	}
	return y
}

// Once runs do when all tiles of the minibatch have come, on one of them; then
// all go on. So do may change what every tile reads. Alone it does nothing, and
// neither does it when a segment of the tape is replayed.
func (p *Pass) Once(do func()) {
	if p.meeting == nil || p.folds.replaying() {
		return
	}
	p.meeting.meet(func() {}, do)
}
