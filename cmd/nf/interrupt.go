package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

var errInterrupted = errors.New("interrupted; nothing was written")

// untilInterrupted returns a context that ends at the first SIGINT, SIGTERM or
// SIGHUP. The second ends the program at once. A SIGHUP that is ignored from
// the beginning, as nohup has it, stays ignored.
func untilInterrupted(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx
}

// orInterrupted does work that cannot be stopped half way, such as a read from
// a silent pipe, the opening of one that nobody reads, or the making of a large
// matrix. When ctx ends first it leaves the work behind and returns
// errInterrupted; the program is about to end then.
func orInterrupted(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
}
