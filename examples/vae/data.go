package main

import (
	"math"
	"math/rand/v2"

	"github.com/seed-192fdf7a/nf/internal/image"
)

// generate returns square images of a disc: three numbers, its center and its radius,
// make each, and a pixel in twenty is wrong.
func generate(n, side int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 1))
	rows := make([]float32, n*side*side)
	for i := range n {
		x, y := float64(side)*random.Float64(), float64(side)*random.Float64()
		radius := float64(side) * (0.15 + 0.2*random.Float64())
		for p := range side * side {
			on := math.Hypot(float64(p%side)+0.5-x, float64(p/side)+0.5-y) < radius
			if random.IntN(20) == 0 {
				on = !on
			}
			if on {
				rows[i*side*side+p] = 1
			}
		}
	}
	return rows
}

// read returns the images of a file, such as MNIST's, white above the middle.
func read(path string) (rows []float32, side int, err error) {
	set, err := image.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer set.Close()
	values := make([]float64, set.Dim())
	for i := range set.Count {
		if err := set.Load(values, i); err != nil {
			return nil, 0, err
		}
		for _, v := range values {
			bit := float32(0)
			if v > 127 {
				bit = 1
			}
			rows = append(rows, bit)
		}
	}
	return rows, set.Width, nil
}
