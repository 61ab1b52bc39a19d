package main

import (
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// memoryLimit returns the bytes that this process may come to hold: the
// machine's memory and swap, or what its control group or its limit on
// addresses (ulimit -v) leaves of them; 0 if that is not known.
func memoryLimit() float64 {
	limit := math.Inf(1)
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		limit = (float64(info.Totalram) + float64(info.Totalswap)) * float64(info.Unit)
	}
	var addresses unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &addresses) == nil && addresses.Cur != unix.RLIM_INFINITY {
		limit = min(limit, max(1, float64(addresses.Cur)-addressesInUse()))
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// "max" is no number and no limit.
		if most, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err == nil && most > 0 {
			limit = min(limit, most)
		}
	}
	if math.IsInf(limit, 1) {
		return 0
	}
	return limit
}

// addressesInUse returns the bytes of addresses that this process has reserved,
// much of which holds nothing.
func addressesInUse() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	pages, _ := strconv.ParseFloat(first, 64)
	return pages * float64(os.Getpagesize())
}
