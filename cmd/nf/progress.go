package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// progress shows how far long work is: a bar on a terminal, and elsewhere a
// line every ten seconds.
type progress struct {
	mutex    sync.Mutex
	out      io.Writer
	bar      *progressbar.ProgressBar // nil where there is no terminal
	spoke    bool                     // since the last line: other lines tell how far it is
	what     string
	position func() (done, total int64)
	quit     chan struct{}
	ended    sync.WaitGroup
}

const (
	barInterval  = 150 * time.Millisecond
	lineInterval = 10 * time.Second
)

// startProgress shows position, which any goroutine may call, until stop.
// A total of 0 is unknown. With quiet it shows nothing.
func startProgress(command *cobra.Command, what string, quiet bool, position func() (done, total int64)) *progress {
	p := &progress{out: command.ErrOrStderr(), what: what, position: position, quit: make(chan struct{})}
	if quiet {
		return p
	}
	interval := lineInterval
	if file, ok := p.out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		interval = barInterval
		_, total := position()
		if total <= 0 {
			total = -1 // a spinner
		}
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(what),
			progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	p.ended.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.show()
			case <-p.quit:
				return
			}
		}
	})
	return p
}

func (p *progress) show() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	done, total := p.position()
	switch {
	case p.bar != nil && total > 0:
		p.bar.Set64(min(done, total-1)) // the last step would end the bar
	case p.bar != nil:
		p.bar.Set64(done)
	case p.spoke:
		p.spoke = false
	case total > 0:
		fmt.Fprintf(p.out, "%s: %.0f %%\n", p.what, 100*float64(done)/float64(total))
	default:
		fmt.Fprintf(p.out, "%s: at %d\n", p.what, done)
	}
}

// pause takes the bar off the terminal while print writes lines that tell more.
func (p *progress) pause(print func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	print()
	p.spoke = true
}

// stop ends the showing. It may be called again.
func (p *progress) stop() {
	select {
	case <-p.quit:
		return
	default:
		close(p.quit)
	}
	p.ended.Wait()
	if p.bar != nil {
		p.bar.Clear()
	}
}
