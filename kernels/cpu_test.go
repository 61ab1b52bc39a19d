package kernels

import (
	"strings"
	"testing"

	"github.com/klauspost/cpuid/v2"
)

func TestProcessor(t *testing.T) {
	t.Log(Processor())
	known := describeProcessor(cpuid.CPUInfo{BrandName: " Some CPU ", PhysicalCores: 2})
	known.L1Data, known.L2, known.L3, known.Features = 32<<10, 1<<20, 0, []string{"AVX2"}
	if got, want := known.String(), "Some CPU (L1 32 KiB, L2 1 MiB, L3 unknown; AVX2)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// cpuid gives -1 for a cache it does not know.
	unknown := cpuid.CPUInfo{}
	unknown.Cache.L2 = -1
	if got := describeProcessor(unknown).String(); !strings.HasPrefix(got, "unnamed processor (L1 unknown, L2 unknown") {
		t.Errorf("got %q", got)
	}
}
