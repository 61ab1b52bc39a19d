// The scale maps of affine couplings on the raw scales u of a vector:
// scaleReferences of package kernels, operation by operation, in the words of
// vector_….h. The root is s, or of maps that compute the scale first, the
// scale. MAP_CONSTANT and RECIPROCAL are the map's, arguments of the kernel.
// exp.h, tanh.h and sigmoid.h go before.
//
// For each map, …_ROOT(z) turns u into the root, in place. …_SLOPE(z, root) puts
// the root into another register and turns u into ds/du; of TANH_EXP there is a
// START(z) to do before. They overwrite W0 to W6 and M.

// NOTHING is the START of all other maps.
#define NOTHING(z)

#define TANH_EXP_START(z) \
	MULF_ARGUMENT(z, RECIPROCAL, z, W0) \
	TANH(z, z)

#define TANH_EXP_ROOT(z) \
	TANH_EXP_START(z) \
	MULF_ARGUMENT(z, MAP_CONSTANT, z, W0)

#define TANH_EXP_SLOPE(z, root) \
	MULF_ARGUMENT(z, MAP_CONSTANT, root, root) \
	MINUS_TIMES_C(z, ·one, z)

#define EXP_ROOT(z)

#define EXP_SLOPE(z, root) \
	MOVE_F(z, root) \
	LDC(·one, z)

// SOFTCLIP_DIVISOR sets W0 to 1 + |u/clip|, and limits u.
#define SOFTCLIP_DIVISOR(z) \
	AT_MOST(·softclipLargest, z, z, W0)   \
	AT_LEAST(·softclipSmallest, z, z, W0) \
	ABSF(z, W0)                           \
	TIMES_ARGUMENT_PLUS_C(RECIPROCAL, ·one, W0, W1)

#define SOFTCLIP_ROOT(z) \
	SOFTCLIP_DIVISOR(z) \
	DIVF(z, W0, z)

#define SOFTCLIP_SLOPE(z, root) \
	SOFTCLIP_DIVISOR(z) \
	DIVF(z, W0, root)   \
	LDC(·one, z)        \
	DIVF(z, W0, z)      \
	MULF(z, z, z)

#define SIGMOID_SCALE_ROOT(z) \
	ADDF_C(z, ·two, z) \
	SIGMOID(z, z)      \
	ADDF_ARGUMENT(z, MAP_CONSTANT, z, W0)

#define SIGMOID_SCALE_SLOPE(z, root) \
	ADDF_C(z, ·two, z)                         \
	SIGMOID(z, z)                              \
	ADDF_ARGUMENT(z, MAP_CONSTANT, root, root) \
	MINUS_TIMES(z, z, z)                       \
	DIVF(z, root, z)

#define SOFTPLUS_SCALE_ROOT(z) \
	SOFTPLUS(z, z) \
	ADDF_ARGUMENT(z, MAP_CONSTANT, z, W0)

#define SOFTPLUS_SCALE_SLOPE(z, root) \
	SOFTPLUS(z, root)                           \
	ADDF_ARGUMENT(root, MAP_CONSTANT, root, W0) \
	SIGMOID(z, z)                               \
	DIVF(z, root, z)

// SIGMOID_RECIPROCAL_EXP turns u into e^−(u+2).
#define SIGMOID_RECIPROCAL_EXP(z) \
	LDC(·minusTwo, W0)                           \
	SUBF(W0, z, z)                               \
	AT_MOST(·sigmoidReciprocalLargest, z, z, W0) \
	EXP(z, z)

#define SIGMOID_RECIPROCAL_ROOT(z) \
	SIGMOID_RECIPROCAL_EXP(z) \
	ADDF_C(z, ·one, z)

#define SIGMOID_RECIPROCAL_SLOPE(z, root) \
	SIGMOID_RECIPROCAL_EXP(z) \
	ADDF_C(z, ·one, root)     \
	DIVF(z, root, z)          \
	NEGF(z, z)

// SCALE_MAPS is the list of the maps, one line each, numbered as they are in
// scaleReferences of package kernels. BOUNDED is of a map that computes s, which
// its constant bounds, EXPONENTIAL of another that computes s, and SCALED of one
// that computes the scale. These are macros of a file, which get the number, the
// names of its two kernels in that file, and the macros above.
#define SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED) \
	BOUNDED(0, tanhExpForward<>, tanhExpInverse<>, TANH_EXP_ROOT, TANH_EXP_START, TANH_EXP_SLOPE)                      \
	EXPONENTIAL(1, expForward<>, expInverse<>, EXP_ROOT, NOTHING, EXP_SLOPE)                                           \
	BOUNDED(2, softclipForward<>, softclipInverse<>, SOFTCLIP_ROOT, NOTHING, SOFTCLIP_SLOPE)                           \
	SCALED(3, sigmoidForward<>, sigmoidInverse<>, SIGMOID_SCALE_ROOT, NOTHING, SIGMOID_SCALE_SLOPE)                    \
	SCALED(4, softplusForward<>, softplusInverse<>, SOFTPLUS_SCALE_ROOT, NOTHING, SOFTPLUS_SCALE_SLOPE)                \
	SCALED(5, sigmoidReciprocalForward<>, sigmoidReciprocalInverse<>, SIGMOID_RECIPROCAL_ROOT, NOTHING, SIGMOID_RECIPROCAL_SLOPE)

// TO_FORWARD and TO_INVERSE go on to a map's kernel, whose arguments are the
// same, if that is its number.
#define TO_FORWARD(number, forward, inverse, root, start, slope) \
	SKIP_UNLESS(number) \
	JMP forward(SB)
#define TO_INVERSE(number, forward, inverse, root, start, slope) \
	SKIP_UNLESS(number) \
	JMP inverse(SB)
