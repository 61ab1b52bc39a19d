// The slots of the spline kernels: see spline_bin.h.
#define IN 0
#define OUT 1
#define LOG_SLOPE 2
#define LANES_LOW 3
#define LANES_HIGH 4
#define D_OUT 5
#define D_LOG 6

// The rule.
#define BOUND 7
#define MINUS_BOUND 8
#define WIDTH_STEP 9
#define WIDTH_FREE 10
#define HEIGHT_STEP 11
#define HEIGHT_FREE 12
#define SLOPE_MIN 13
#define SLOPE_BETA 14
#define SLOPE_SCALE 15
#define CLIP_SLOPE 16
#define CLIP_SIZE 17
#define LAST_BIN 18

// The bin.
#define LOWER 19
#define INDEX 20
#define RAW0 21
#define RAW1 22
#define WIDTH_SCALE 23
#define HEIGHT_SCALE 24
#define WIDTH_SUM 25
#define HEIGHT_SUM 26
#define WIDTHS_BEFORE 27
#define HEIGHTS_BEFORE 28
#define WIDTH_POWER 29
#define HEIGHT_POWER 30

// The gradients.
#define PER_WIDTH 31
#define PER_HEIGHT 32
#define SLOPE 33
#define NUMERATOR 34
#define SHARE 35
#define SCALE 36
#define BEFORE_WIDTH 37
#define AT_WIDTH 38
#define WIDTH_MEAN 39
#define BEFORE_HEIGHT 40
#define AT_HEIGHT 41
#define HEIGHT_MEAN 42
#define MASKS 43

// 3·128 + 1 blocks, then twice 128 exponentials.
#define RAW 44
#define POWERS 429
#define SLOT_COUNT 685

// CLIP_UNIT clips xi to [0, 1]; NaN and -0 stay.
#define CLIP_UNIT(xi, scratch) \
	ZERO(scratch)      \
	GT(scratch, xi)    \
	BLEND(scratch, xi) \
	LDC(·one, scratch) \
	GT(xi, scratch)    \
	BLEND(scratch, xi)
