// The scale maps of affine couplings on the eight raw scales u of a register:
// scaleReferences of package kernels, operation by operation. The root is s, or
// of maps that compute the scale first, the scale. MAP_CONSTANT and RECIPROCAL are
// the map's, in memory.
//
// For each map, …_ROOT(z) turns u into the root, in place. …_SLOPE(z, root) puts
// the root into another register and turns u into ds/du; of TANH_EXP there is a
// START(z) to do before. They overwrite what the macros of math do.

// NOTHING is the START of all other maps.
#define NOTHING(z)

#define TANH_EXP_START(z) \
	VBROADCASTSS RECIPROCAL, Y4 \
	VMULPS       Y4, z, z       \
	TANH(z, z)

#define TANH_EXP_ROOT(z) \
	TANH_EXP_START(z)             \
	VBROADCASTSS MAP_CONSTANT, Y4 \
	VMULPS       Y4, z, z

#define TANH_EXP_SLOPE(z, root) \
	VBROADCASTSS MAP_CONSTANT, root \
	VMULPS       z, root, root      \
	VFNMADD213PS ·one(SB), z, z

#define EXP_ROOT(z)

#define EXP_SLOPE(z, root) \
	VMOVAPS z, root \
	VMOVUPS ·one(SB), z

// SOFTCLIP_DIVISOR puts 1 + |u/clip| into Y4, and limits u.
#define SOFTCLIP_DIVISOR(z) \
	VMOVUPS      ·softclipLargest(SB), Y4  \
	VMINPS       z, Y4, z                  \
	VMOVUPS      ·softclipSmallest(SB), Y4 \
	VMAXPS       z, Y4, z                  \
	VBROADCASTSS RECIPROCAL, Y5            \
	VANDPS       ·notSignBit(SB), z, Y4    \
	VFMADD213PS  ·one(SB), Y5, Y4

#define SOFTCLIP_ROOT(z) \
	SOFTCLIP_DIVISOR(z) \
	VDIVPS Y4, z, z

#define SOFTCLIP_SLOPE(z, root) \
	SOFTCLIP_DIVISOR(z) \
	VDIVPS  Y4, z, root \
	VMOVUPS ·one(SB), z \
	VDIVPS  Y4, z, z    \
	VMULPS  z, z, z

#define SIGMOID_SCALE_ROOT(z) \
	VADDPS       ·two(SB), z, z   \
	SIGMOID(z, z)                 \
	VBROADCASTSS MAP_CONSTANT, Y4 \
	VADDPS       Y4, z, z

#define SIGMOID_SCALE_SLOPE(z, root) \
	VADDPS       ·two(SB), z, z     \
	SIGMOID(z, z)                   \
	VBROADCASTSS MAP_CONSTANT, root \
	VADDPS       root, z, root      \
	VFNMADD213PS z, z, z            \
	VDIVPS       root, z, z

#define SOFTPLUS_SCALE_ROOT(z) \
	SOFTPLUS(z, z)                \
	VBROADCASTSS MAP_CONSTANT, Y4 \
	VADDPS       Y4, z, z

#define SOFTPLUS_SCALE_SLOPE(z, root) \
	SOFTPLUS(z, root)             \
	VBROADCASTSS MAP_CONSTANT, Y4 \
	VADDPS       Y4, root, root   \
	SIGMOID(z, z)                 \
	VDIVPS       root, z, z

// SIGMOID_RECIPROCAL_EXP turns u into e^−(u+2).
#define SIGMOID_RECIPROCAL_EXP(z) \
	VMOVUPS ·minusTwo(SB), Y4                 \
	VSUBPS  z, Y4, z                          \
	VMOVUPS ·sigmoidReciprocalLargest(SB), Y4 \
	VMINPS  z, Y4, z                          \
	EXP(z, z)

#define SIGMOID_RECIPROCAL_ROOT(z) \
	SIGMOID_RECIPROCAL_EXP(z) \
	VADDPS ·one(SB), z, z

#define SIGMOID_RECIPROCAL_SLOPE(z, root) \
	SIGMOID_RECIPROCAL_EXP(z) \
	VADDPS ·one(SB), z, root  \
	VDIVPS root, z, z         \
	VXORPS ·signBit(SB), z, z
