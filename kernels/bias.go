package kernels

// AddBias adds bias to every row of y: y[r][c] += bias[c]. It panics if the
// length of bias is not y.Cols or if y does not lie within its data.
func (t *Tier) AddBias(y Matrix, bias []float32) {
	y.checkOutput("y", y.Rows, y.Cols)
	checkLength("AddBias: bias", len(bias), y.Cols)
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows && y.Cols > 0; from += step {
		safePoint()
		t.addBias(y.from(from), bias, min(step, y.Rows-from), y.Stride)
	}
}

// AddBias calls Tier.AddBias on the active tier.
func AddBias(y Matrix, bias []float32) { active.AddBias(y, bias) }

func addBiasRef(y, bias []float32, rows, stride int) {
	for r := range rows {
		row := y[r*stride:]
		for c, b := range bias {
			row[c] += b
		}
	}
}

// AddBiasReLU adds bias to every row of y and applies ReLU:
// y[r][c] = relu(y[r][c] + bias[c]). It panics as AddBias does.
func (t *Tier) AddBiasReLU(y Matrix, bias []float32) {
	y.checkOutput("y", y.Rows, y.Cols)
	checkLength("AddBiasReLU: bias", len(bias), y.Cols)
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows && y.Cols > 0; from += step {
		safePoint()
		t.addBiasReLU(y.from(from), bias, min(step, y.Rows-from), y.Stride)
	}
}

// AddBiasReLU calls Tier.AddBiasReLU on the active tier.
func AddBiasReLU(y Matrix, bias []float32) { active.AddBiasReLU(y, bias) }

func addBiasReLURef(y, bias []float32, rows, stride int) {
	for r := range rows {
		row := y[r*stride:]
		for c, b := range bias {
			row[c] = reluScalar(row[c] + b)
		}
	}
}
