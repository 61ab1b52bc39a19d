// The arguments of SplineBackward, which move with the rows, and the rule. RULE_SLOTS puts
// its constants into their slots by SPREAD_SLOT of the processor.
#define OUT_ARG dIn_base+0(FP)
#define D_PARAMS_ARG dparams_base+24(FP)
#define IN_ARG x_base+48(FP)
#define PARAMS_ARG params_base+72(FP)
#define D_OUT_ARG dOut_base+96(FP)
#define LOG_ARG dLogDet_base+120(FP)
#define ROWS_ARG dLogDet_len+128(FP)
#define OUT_STRIDE dInStride+144(FP)
#define D_PARAMS_STRIDE dparamsStride+152(FP)
#define IN_STRIDE xStride+160(FP)
#define PARAMS_STRIDE paramsStride+168(FP)
#define D_OUT_STRIDE dOutStride+176(FP)
#define COLS_ARG cols+184(FP)
#define BINS rule_Bins+192(FP)
#define BLOCKS rule_Blocks+200(FP)
#define INVERSE rule_Inverse+208(FP)
#define SOFTCLIP rule_Softclip+212(FP)
#define CIRCULAR rule_Circular+216(FP)
#define RULE_SLOTS \
	SPREAD_SLOT(rule_LastBin+220(FP), LAST_BIN) \
	SPREAD_SLOT(rule_Bound+224(FP), BOUND) \
	SPREAD_SLOT(rule_MinusBound+228(FP), MINUS_BOUND) \
	SPREAD_SLOT(rule_WidthStep+232(FP), WIDTH_STEP) \
	SPREAD_SLOT(rule_WidthFree+236(FP), WIDTH_FREE) \
	SPREAD_SLOT(rule_HeightStep+240(FP), HEIGHT_STEP) \
	SPREAD_SLOT(rule_HeightFree+244(FP), HEIGHT_FREE) \
	SPREAD_SLOT(rule_SlopeMin+248(FP), SLOPE_MIN) \
	SPREAD_SLOT(rule_SlopeBeta+252(FP), SLOPE_BETA) \
	SPREAD_SLOT(rule_SlopeScale+256(FP), SLOPE_SCALE) \
	SPREAD_SLOT(rule_ClipSlope+260(FP), CLIP_SLOPE) \
	SPREAD_SLOT(rule_ClipSize+264(FP), CLIP_SIZE)
