package train

import "math"

// assign returns, for each row of a cost matrix of n rows and n columns, the column
// that it gets where each column goes to one row and the sum of costs is least: the
// exact optimum, by shortest augmenting paths (Jonker and Volgenant, 1987), in
// O(n³). Where several columns are as good, the first one counts, so that the
// result does not depend on the machine.
func assign(cost []float64, n int) []int {
	// Potentials u of rows and v of columns, at[j] the row of column j; 0 is no row.
	u, v := make([]float64, n+1), make([]float64, n+1)
	at, way := make([]int, n+1), make([]int, n+1)
	least, used := make([]float64, n+1), make([]bool, n+1)
	for row := 1; row <= n; row++ {
		at[0] = row
		for j := range least {
			least[j], used[j] = math.Inf(1), false
		}
		column := 0
		for at[column] != 0 {
			used[column] = true
			i, next, delta := at[column], 0, math.Inf(1)
			for j := 1; j <= n; j++ {
				if used[j] {
					continue
				}
				if c := cost[(i-1)*n+j-1] - u[i] - v[j]; c < least[j] {
					least[j], way[j] = c, column
				}
				if least[j] < delta {
					next, delta = j, least[j]
				}
			}
			if next == 0 { // costs that are no numbers: any column will do
				for j := 1; next == 0; j++ {
					if !used[j] {
						next, delta, way[j] = j, 0, column
					}
				}
			}
			for j := 0; j <= n; j++ {
				if used[j] {
					u[at[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			column = next
		}
		for column != 0 {
			at[column] = at[way[column]]
			column = way[column]
		}
	}
	columns := make([]int, n)
	for j := 1; j <= n; j++ {
		columns[at[j]-1] = j - 1
	}
	return columns
}
