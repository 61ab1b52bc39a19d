// The scale maps of affine couplings on the sixteen raw scales u of a register:
// scaleReferences of package kernels, operation by operation. The root is s, or
// of maps that compute the scale first, the scale. MAP_CONSTANT and RECIPROCAL are
// the map's.
//
// For each map, …_ROOT(z) turns u into the root, in place. …_SLOPE(z, root) puts
// the root into another register and turns u into ds/du; of TANH_EXP there is a
// START(z) to do before. They overwrite what the macros of math do.

// NOTHING is the START of all other maps.
#define NOTHING(z)

#define TANH_EXP_START(z) \
	VMULPS RECIPROCAL, z, z \
	TANH(z, z)

#define TANH_EXP_ROOT(z) \
	TANH_EXP_START(z) \
	VMULPS MAP_CONSTANT, z, z

#define TANH_EXP_SLOPE(z, root) \
	VMULPS            MAP_CONSTANT, z, root \
	VFNMADD213PS.BCST ·one(SB), z, z

#define EXP_ROOT(z)

#define EXP_SLOPE(z, root) \
	VMOVAPS      z, root \
	VBROADCASTSS ·one(SB), z

// SOFTCLIP_DIVISOR puts 1 + |u/clip| into Z9, and limits u.
#define SOFTCLIP_DIVISOR(z) \
	VBROADCASTSS ·softclipLargest(SB), Z9  \
	VMINPS       z, Z9, z                  \
	VBROADCASTSS ·softclipSmallest(SB), Z9 \
	VMAXPS       z, Z9, z                  \
	VANDPS.BCST  ·notSignBit(SB), z, Z9    \
	VFMADD213PS.BCST ·one(SB), RECIPROCAL, Z9

#define SOFTCLIP_ROOT(z) \
	SOFTCLIP_DIVISOR(z) \
	VDIVPS Z9, z, z

#define SOFTCLIP_SLOPE(z, root) \
	SOFTCLIP_DIVISOR(z)      \
	VDIVPS       Z9, z, root \
	VBROADCASTSS ·one(SB), z \
	VDIVPS       Z9, z, z    \
	VMULPS       z, z, z

#define SIGMOID_SCALE_ROOT(z) \
	VADDPS.BCST ·two(SB), z, z \
	SIGMOID(z, z)              \
	VADDPS      MAP_CONSTANT, z, z

#define SIGMOID_SCALE_SLOPE(z, root) \
	VADDPS.BCST  ·two(SB), z, z        \
	SIGMOID(z, z)                      \
	VADDPS       MAP_CONSTANT, z, root \
	VFNMADD213PS z, z, z               \
	VDIVPS       root, z, z

#define SOFTPLUS_SCALE_ROOT(z) \
	SOFTPLUS(z, z) \
	VADDPS MAP_CONSTANT, z, z

#define SOFTPLUS_SCALE_SLOPE(z, root) \
	SOFTPLUS(z, root)               \
	VADDPS MAP_CONSTANT, root, root \
	SIGMOID(z, z)                   \
	VDIVPS root, z, z

// SIGMOID_RECIPROCAL_EXP turns u into e^−(u+2).
#define SIGMOID_RECIPROCAL_EXP(z) \
	VBROADCASTSS ·minusTwo(SB), Z9                 \
	VSUBPS       z, Z9, z                          \
	VBROADCASTSS ·sigmoidReciprocalLargest(SB), Z9 \
	VMINPS       z, Z9, z                          \
	EXP(z, z)

#define SIGMOID_RECIPROCAL_ROOT(z) \
	SIGMOID_RECIPROCAL_EXP(z) \
	VADDPS.BCST ·one(SB), z, z

#define SIGMOID_RECIPROCAL_SLOPE(z, root) \
	SIGMOID_RECIPROCAL_EXP(z)     \
	VADDPS.BCST ·one(SB), z, root \
	VDIVPS      root, z, z        \
	VXORPS.BCST ·signBit(SB), z, z
