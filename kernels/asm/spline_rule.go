package asm

// A SplineRule is a rational-quadratic spline as its kernels take it: the
// constants that package kernels derives from its Spline.
type SplineRule struct {
	Bins, Blocks int // bins, and blocks of parameters: 3·Bins, or one less

	// Not 0: the inverse map; softclipped parameters with exponential slopes;
	// as many slopes as bins, the first at both ends.
	Inverse, Softclip, Circular uint32

	LastBin                         float32 // Bins − 1
	Bound, MinusBound               float32 // the ends of the box
	WidthStep, WidthFree            float32 // a width is WidthStep + WidthFree·softmax
	HeightStep, HeightFree          float32 // a height likewise
	SlopeMin, SlopeBeta, SlopeScale float32 // a slope is SlopeMin + softplus(SlopeBeta·u)·SlopeScale
	ClipSlope, ClipSize             float32 // u/(1 + |u|·Clip…), of slopes, and of widths and heights
}
