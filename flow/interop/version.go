package interop

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-192fdf7a/nf/kernels"
)

// checkVersion refuses versions whose rules are not known.
func checkVersion(library, version string) error {
	if library == tarflow {
		if version != "main" {
			return fmt.Errorf(`"version" of tarflow is %q; known is main, the only one`, version)
		}
		return nil
	}
	if library == nflows {
		if version != "0.14" && version != "0.14.0" && version != "master" {
			return fmt.Errorf(`"version" of nflows is %q; known are 0.14 and master`, version)
		}
		return nil
	}
	if library == rosinality || library == y0ast {
		return nil // they have no versions; any text, such as a commit, will do
	}
	v, err := parseVersion(version)
	if err != nil {
		return err
	}
	if library == zuko && v[0] > 1 || library == normflows && v[0] != 1 {
		return fmt.Errorf(`"version" of %s is %q; known are versions up to %s`, library, version, map[string]string{zuko: "1.6", normflows: "1.7"}[library])
	}
	return nil
}

// parseVersion reads major.minor.patch, of which only the first must be there.
func parseVersion(text string) (v [3]int, err error) {
	parts := strings.Split(text, ".")
	if len(parts) > 3 {
		parts = parts[:3]
	}
	for i, p := range parts {
		if v[i], err = strconv.Atoi(p); err != nil || v[i] < 0 {
			return v, fmt.Errorf(`"version" is %q, want one such as 1.6.0`, text)
		}
	}
	return v, nil
}

// zukoSlope is the smallest slope of zuko's transforms by version, where the
// user did not choose it: 1e-3, but 1e-4 from 1.0.1 to 1.4.1.
func zukoSlope(version string) float64 {
	v, _ := parseVersion(version)
	from := func(major, minor, patch int) bool {
		for i, n := range []int{major, minor, patch} {
			if v[i] != n {
				return v[i] > n
			}
		}
		return true
	}
	if from(1, 0, 1) && !from(1, 5, 0) {
		return 1e-4
	}
	return 1e-3
}

// softclip is the bound of the log-slope that goes with a smallest slope.
func softclip(slope float64) float64 { return -kernels.Log64(slope) }
