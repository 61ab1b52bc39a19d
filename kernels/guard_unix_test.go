//go:build unix

package kernels

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"github.com/klauspost/cpuid/v2"
)

// guarded returns n values that end right before a page that cannot be
// touched, or with atStart begin right after one: a kernel that reads or
// writes one too many dies.
func guarded[T float32 | float64 | uint32](t *testing.T, n int, atStart bool) []T {
	t.Helper()
	size := n * int(unsafe.Sizeof(*new(T)))
	page := syscall.Getpagesize()
	body := (size + page - 1) / page * page
	memory, err := syscall.Mmap(-1, 0, body+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
	for _, fence := range [][]byte{memory[:page], memory[page+body:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	first := page
	if !atStart {
		first = page + body - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(memory[first:]))), n)
}

// guardedTiers returns the tiers that can be run against guard pages here.
func guardedTiers(t *testing.T) []*Tier {
	t.Helper()
	tiers := Tiers()
	if cpuid.CPU.HypervisorVendorID == cpuid.QEMU {
		t.Log("not run on avx2: qemu's VMASKMOVPS touches the lanes that are masked off too, which no processor does")
		tiers = slices.DeleteFunc(tiers, func(tier *Tier) bool { return tier.Name() == "avx2" })
	}
	return tiers
}

// TestElementwiseGuardPages runs every elementwise kernel right against pages
// that cannot be touched, at every length up to 70.
func TestElementwiseGuardPages(t *testing.T) {
	for _, tier := range guardedTiers(t) {
		for _, atStart := range []bool{false, true} {
			src, dst, other := guarded[float32](t, 70, atStart), guarded[float32](t, 70, atStart), guarded[float32](t, 70, atStart)
			for n := range 71 {
				cut := func(v []float32) []float32 {
					if atStart {
						return v[:n]
					}
					return v[70-n:]
				}
				for _, f := range functions {
					in, out := cut(src), cut(dst)
					for i := range in {
						in[i] = float32(i)*0.37 + 0.01
					}
					f.Call(tier, out, in, cut(other))
					for i, x := range in {
						if want := f.reference(x); !sameBits(out[i], want) {
							t.Fatalf("%s: %s(%v) of %d values is %v, want %v", tier.Name(), f.Name, x, n, out[i], want)
						}
					}
				}
			}
		}
	}
}

// TestPhiloxGuardPages is the same for the generators.
func TestPhiloxGuardPages(t *testing.T) {
	for _, tier := range guardedTiers(t) {
		for _, atStart := range []bool{false, true} {
			words, normals := guarded[uint32](t, 200, atStart), guarded[float32](t, 200, atStart)
			for n := range 201 {
				w, v := words[200-n:], normals[200-n:]
				if atStart {
					w, v = words[:n], normals[:n]
				}
				tier.PhiloxWords(w, 1, 2, 3)
				tier.NormalRows(v, 1, n, 1, 2, 3)
				if n%3 == 0 {
					tier.NormalRows(v, n/3, 3, 1, 2, 3)
				}
				if n%8 == 0 {
					tier.NormalRows(v, n/8, 8, 1, 2, 3)
				}
			}
		}
	}
}
