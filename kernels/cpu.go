package kernels

import (
	"fmt"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// ProcessorInfo describes the processor for reports and for the choice of
// block sizes. It decides no bit of any result, and not the tier either: that
// is golang.org/x/sys/cpu's, which obeys GODEBUG.
type ProcessorInfo struct {
	Brand    string   // as the processor names itself; may be empty
	Features []string // vector extensions that matter here, such as "AVX2"
	L1Data   int      // bytes of cache for a core; 0 where unknown
	L2       int
	L3       int // bytes, shared between cores
	Physical int // cores and threads; 0 where unknown
	Logical  int
}

var processorInfo = describeProcessor(cpuid.CPU)

// Processor describes the processor this program runs on.
func Processor() ProcessorInfo { return processorInfo }

func describeProcessor(cpu cpuid.CPUInfo) ProcessorInfo {
	info := ProcessorInfo{
		Brand:  strings.TrimSpace(cpu.BrandName),
		L1Data: max(cpu.Cache.L1D, 0), L2: max(cpu.Cache.L2, 0), L3: max(cpu.Cache.L3, 0),
		Physical: cpu.PhysicalCores, Logical: cpu.LogicalCores,
	}
	for _, id := range []cpuid.FeatureID{
		cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.ASIMD, cpuid.SVE,
	} {
		if cpu.Has(id) {
			info.Features = append(info.Features, id.String())
		}
	}
	return info
}

// String returns one line: brand, caches, features.
func (p ProcessorInfo) String() string {
	brand := p.Brand
	if brand == "" {
		brand = "unnamed processor"
	}
	return fmt.Sprintf("%s (L1 %s, L2 %s, L3 %s; %s)", brand, cacheSize(p.L1Data), cacheSize(p.L2), cacheSize(p.L3), strings.Join(p.Features, " "))
}

func cacheSize(bytes int) string {
	switch {
	case bytes <= 0:
		return "unknown"
	case bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}
