// The arguments of Spline, which move with the rows, and the rule. RULE_SLOTS puts
// its constants into their slots by SPREAD_SLOT of the processor.
#define OUT_ARG out_base+0(FP)
#define IN_ARG in_base+24(FP)
#define PARAMS_ARG params_base+48(FP)
#define LOG_ARG logDet_base+72(FP)
#define ROWS_ARG logDet_len+80(FP)
#define OUT_STRIDE outStride+96(FP)
#define IN_STRIDE inStride+104(FP)
#define PARAMS_STRIDE paramsStride+112(FP)
#define COLS_ARG cols+120(FP)
#define BINS rule_Bins+128(FP)
#define BLOCKS rule_Blocks+136(FP)
#define INVERSE rule_Inverse+144(FP)
#define SOFTCLIP rule_Softclip+148(FP)
#define CIRCULAR rule_Circular+152(FP)
#define RULE_SLOTS \
	SPREAD_SLOT(rule_LastBin+156(FP), LAST_BIN) \
	SPREAD_SLOT(rule_Bound+160(FP), BOUND) \
	SPREAD_SLOT(rule_MinusBound+164(FP), MINUS_BOUND) \
	SPREAD_SLOT(rule_WidthStep+168(FP), WIDTH_STEP) \
	SPREAD_SLOT(rule_WidthFree+172(FP), WIDTH_FREE) \
	SPREAD_SLOT(rule_HeightStep+176(FP), HEIGHT_STEP) \
	SPREAD_SLOT(rule_HeightFree+180(FP), HEIGHT_FREE) \
	SPREAD_SLOT(rule_SlopeMin+184(FP), SLOPE_MIN) \
	SPREAD_SLOT(rule_SlopeBeta+188(FP), SLOPE_BETA) \
	SPREAD_SLOT(rule_SlopeScale+192(FP), SLOPE_SCALE) \
	SPREAD_SLOT(rule_ClipSlope+196(FP), CLIP_SLOPE) \
	SPREAD_SLOT(rule_ClipSize+200(FP), CLIP_SIZE)
