//go:build unix

package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// closedStandardOutput tells that the program was started without a standard
// output. The runtime then opens the null device in its place, for reading and
// writing, which no redirection of a shell does.
func closedStandardOutput() bool {
	flags, err := unix.FcntlInt(uintptr(syscall.Stdout), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR {
		return err != nil
	}
	var out, null unix.Stat_t
	return unix.Fstat(syscall.Stdout, &out) == nil && unix.Stat(os.DevNull, &null) == nil &&
		out.Mode&unix.S_IFMT == unix.S_IFCHR && out.Rdev == null.Rdev
}
