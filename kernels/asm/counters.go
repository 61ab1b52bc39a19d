package asm

// Counters says where a call of a Philox kernel starts and how it goes on. A
// call computes groups of 16 blocks of four words, and the lanes of a group
// are consecutive blocks, which run over rows: after the last block of one
// index comes block 0 of the next.
//
//	for each group {
//		for lane := range 16 {
//			block = philox(Key, Block[lane], IndexLow[lane], IndexHigh[lane], Stream)
//			Block[lane] += BlockStep
//			index[lane] += IndexStep
//			if Block[lane] >= Blocks {
//				Block[lane] -= Blocks
//				index[lane]++
//			}
//		}
//	}
//
// with index = IndexHigh·2³² + IndexLow. It is passed by value.
type Counters struct {
	Block, IndexLow, IndexHigh [16]uint32

	BlockStep, IndexStep, Blocks uint32 // 16 mod Blocks, 16 / Blocks, blocks an index
	Stream                       uint32
	Key                          [2]uint32 // low, high
}
