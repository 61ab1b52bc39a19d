package kernels

import (
	"math/bits"

	"github.com/seed-192fdf7a/nf/kernels/asm"
)

// PhiloxWords fills dst with random words of Philox4x32-10 (Salmon, Moraes,
// Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011). Word w
// is output w mod 4 for
//
//	key      (seed low, seed high)
//	counter  (w/4, index low, index high, stream)
//
// so that each word depends on (seed, stream, index, w) alone. It panics if
// dst has more than 2³³ words.
func (t *Tier) PhiloxWords(dst []uint32, seed uint64, stream uint32, index uint64) {
	blocks := blocksOf("PhiloxWords", len(dst))
	for done := 0; done < len(dst); {
		safePoint()
		rest := dst[done:]
		start := countersAt(uint64(done/4), blocks, seed, stream, index)
		if n := min(len(rest), chunk) / groupWords * groupWords; n > 0 {
			t.philox(rest[:n], start)
			done += n
			continue
		}
		buffer := wordBuffers.Borrow()
		t.philox(buffer[:], start)
		copy(rest, buffer[:])
		wordBuffers.Return(buffer)
		return
	}
}

// PhiloxWords calls Tier.PhiloxWords on the active tier.
func PhiloxWords(dst []uint32, seed uint64, stream uint32, index uint64) {
	active.PhiloxWords(dst, seed, stream, index)
}

// A group is what the kernels compute at once: 16 blocks of four words.
const (
	groupBlocks = 16
	groupWords  = 4 * groupBlocks
)

// blocksOf returns the number of blocks that words words take.
func blocksOf(name string, words int) uint32 {
	blocks := (uint64(words) + 3) / 4
	if blocks > 1<<31 {
		panic("kernels: " + name + ": more than 2^33 values for one index")
	}
	return uint32(blocks)
}

// countersAt returns the counters of the group that starts at block first,
// where every index has the given number of blocks.
func countersAt(first uint64, blocks uint32, seed uint64, stream uint32, index uint64) asm.Counters {
	c := asm.Counters{
		BlockStep: groupBlocks % blocks, IndexStep: groupBlocks / blocks, Blocks: blocks,
		Stream: stream, Key: [2]uint32{uint32(seed), uint32(seed >> 32)},
	}
	block := uint32(first % uint64(blocks))
	index += first / uint64(blocks)
	for lane := range groupBlocks {
		c.Block[lane], c.IndexLow[lane], c.IndexHigh[lane] = block, uint32(index), uint32(index>>32)
		if block++; block == blocks {
			block = 0
			index++
		}
	}
	return c
}

// nextGroup moves the counters of every lane to the next group.
func nextGroup(c *asm.Counters) {
	for lane := range groupBlocks {
		index := uint64(c.IndexHigh[lane])<<32 | uint64(c.IndexLow[lane])
		index += uint64(c.IndexStep)
		c.Block[lane] += c.BlockStep
		if c.Block[lane] >= c.Blocks {
			c.Block[lane] -= c.Blocks
			index++
		}
		c.IndexLow[lane], c.IndexHigh[lane] = uint32(index), uint32(index>>32)
	}
}

// Constants of Philox4x32.
const (
	philoxMultiplier0 = 0xD2511F53
	philoxMultiplier1 = 0xCD9E8D57
	philoxKeyStep0    = 0x9E3779B9
	philoxKeyStep1    = 0xBB67AE85
	philoxRounds      = 10
)

// philoxBlock returns the four words of one counter.
func philoxBlock(key [2]uint32, counter [4]uint32) [4]uint32 {
	for round := range philoxRounds {
		if round > 0 {
			key[0] += philoxKeyStep0
			key[1] += philoxKeyStep1
		}
		high0, low0 := bits.Mul32(philoxMultiplier0, counter[0])
		high1, low1 := bits.Mul32(philoxMultiplier1, counter[2])
		counter = [4]uint32{high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0}
	}
	return counter
}

// philoxRef fills dst, a multiple of groupWords.
func philoxRef(dst []uint32, c asm.Counters) {
	for ; len(dst) > 0; dst = dst[groupWords:] {
		for lane := range groupBlocks {
			block := philoxBlock(c.Key, [4]uint32{c.Block[lane], c.IndexLow[lane], c.IndexHigh[lane], c.Stream})
			copy(dst[4*lane:], block[:])
		}
		nextGroup(&c)
	}
}
