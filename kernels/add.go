package kernels

// Add sets dst[i] = a[i] + b[i]. dst may be a or b. It panics if the lengths
// differ.
func (t *Tier) Add(dst, a, b []float32) {
	checkLength("Add: a", len(a), len(dst))
	checkLength("Add: b", len(b), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.add(dst[:n], a[:n], b[:n])
		dst, a, b = dst[n:], a[n:], b[n:]
	}
}

// Add calls Tier.Add on the active tier.
func Add(dst, a, b []float32) { active.Add(dst, a, b) }

func addRef(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Scale sets dst[i] = src[i]·factor. dst may be src. It panics if the lengths
// differ.
func (t *Tier) Scale(dst, src []float32, factor float32) {
	checkLength("Scale: src", len(src), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.scale(dst[:n], src[:n], factor)
		dst, src = dst[n:], src[n:]
	}
}

// Scale calls Tier.Scale on the active tier.
func Scale(dst, src []float32, factor float32) { active.Scale(dst, src, factor) }

func scaleRef(dst, src []float32, factor float32) {
	for i, x := range src {
		dst[i] = float32(x * factor)
	}
}

// AddScaled adds src[i]·factor, rounded, to dst[i]. It panics if the lengths differ.
func (t *Tier) AddScaled(dst, src []float32, factor float32) {
	checkLength("AddScaled: src", len(src), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.addScaled(dst[:n], src[:n], factor)
		dst, src = dst[n:], src[n:]
	}
}

// AddScaled calls Tier.AddScaled on the active tier.
func AddScaled(dst, src []float32, factor float32) { active.AddScaled(dst, src, factor) }

func addScaledRef(dst, src []float32, factor float32) {
	for i, x := range src {
		dst[i] += float32(x * factor)
	}
}

// Standardize sets dst[i] = (src[i] − mean)·factor. dst may be src. It panics if
// the lengths differ.
func (t *Tier) Standardize(dst, src []float32, mean, factor float32) {
	checkLength("Standardize: src", len(src), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.standardize(dst[:n], src[:n], mean, factor)
		dst, src = dst[n:], src[n:]
	}
}

// Standardize calls Tier.Standardize on the active tier.
func Standardize(dst, src []float32, mean, factor float32) {
	active.Standardize(dst, src, mean, factor)
}

func standardizeRef(dst, src []float32, mean, factor float32) {
	for i, x := range src {
		dst[i] = float32((x - mean) * factor)
	}
}
