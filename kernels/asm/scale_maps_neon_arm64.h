// The scale maps of affine couplings on the eight raw scales u of a pair:
// scaleReferences of package kernels, operation by operation. The root is s, or
// of maps that compute the scale first, the scale. MAP_CONSTANT and RECIPROCAL
// are the map's, in memory.
//
// For each map, …_ROOT(z) turns u into the root, in place. …_SLOPE(z, root) puts
// the root into another pair and turns u into ds/du; of TANH_EXP there is a
// START(z) to do before. They overwrite what the macros of math do.

// NOTHING is the START of all other maps.
#define NOTHING(z)

#define TANH_EXP_START(z) \
	SPREAD(RECIPROCAL, 16) \
	FMUL8(16, z, z)        \
	TANH(z)

#define TANH_EXP_ROOT(z) \
	TANH_EXP_START(z)        \
	SPREAD(MAP_CONSTANT, 16) \
	FMUL8(16, z, z)

#define TANH_EXP_SLOPE(z, root) \
	SPREAD(MAP_CONSTANT, root) \
	FMUL8(z, root, root)       \
	CONSTANT(·one, 16)         \
	FMLS8(z, z, 16)            \
	MOVE8(16, z)

#define EXP_ROOT(z)

#define EXP_SLOPE(z, root) \
	MOVE8(z, root) \
	CONSTANT(·one, z)

// SOFTCLIP_DIVISOR puts 1 + |u/clip| into pair 16, and limits u. Pair 18 is
// left at 1.
#define SOFTCLIP_DIVISOR(z) \
	CONSTANT(·softclipLargest, 16)  \
	FMIN8(16, z, z)                 \
	CONSTANT(·softclipSmallest, 16) \
	FMAX8(16, z, z)                 \
	CONSTANT(·notSignBit, 16)       \
	AND8(16, z, 20)                 \
	SPREAD(RECIPROCAL, 22)          \
	CONSTANT(·one, 18)              \
	MOVE8(18, 16)                   \
	FMLA8(22, 20, 16)

#define SOFTCLIP_ROOT(z) \
	SOFTCLIP_DIVISOR(z) \
	FDIV8(16, z, z)

#define SOFTCLIP_SLOPE(z, root) \
	SOFTCLIP_DIVISOR(z) \
	FDIV8(16, z, root)  \
	FDIV8(16, 18, z)    \
	FMUL8(z, z, z)

#define SIGMOID_SCALE_ROOT(z) \
	CONSTANT(·two, 16)       \
	FADD8(16, z, z)          \
	SIGMOID(z)               \
	SPREAD(MAP_CONSTANT, 16) \
	FADD8(16, z, z)

#define SIGMOID_SCALE_SLOPE(z, root) \
	CONSTANT(·two, 16)         \
	FADD8(16, z, z)            \
	SIGMOID(z)                 \
	SPREAD(MAP_CONSTANT, root) \
	FADD8(z, root, root)       \
	MOVE8(z, 16)               \
	FMLS8(z, z, 16)            \
	FDIV8(root, 16, z)

#define SOFTPLUS_SCALE_ROOT(z) \
	SOFTPLUS(z)              \
	SPREAD(MAP_CONSTANT, 16) \
	FADD8(16, z, z)

#define SOFTPLUS_SCALE_SLOPE(z, root) \
	MOVE8(z, root)           \
	SOFTPLUS(root)           \
	SPREAD(MAP_CONSTANT, 16) \
	FADD8(16, root, root)    \
	SIGMOID(z)               \
	FDIV8(root, z, z)

// SIGMOID_RECIPROCAL_EXP turns u into e^−(u+2), and leaves pair 16 at 1.
#define SIGMOID_RECIPROCAL_EXP(z) \
	CONSTANT(·minusTwo, 16)                 \
	FSUB8(z, 16, z)                         \
	CONSTANT(·sigmoidReciprocalLargest, 16) \
	FMIN8(16, z, z)                         \
	EXP(z)                                  \
	CONSTANT(·one, 16)

#define SIGMOID_RECIPROCAL_ROOT(z) \
	SIGMOID_RECIPROCAL_EXP(z) \
	FADD8(16, z, z)

#define SIGMOID_RECIPROCAL_SLOPE(z, root) \
	SIGMOID_RECIPROCAL_EXP(z) \
	FADD8(16, z, root)        \
	FDIV8(root, z, z)         \
	FNEG8(z, z)
