// Package limits states the most that nf takes of what a file, a table or a flag
// can ask for, so that none of them can ask for more memory than there is.
// docs/format.md has those of a model file.
package limits

// Of a description of a flow.
const (
	Features       = 1 << 16 // columns of a site, or of a context
	Sites          = 1 << 24 // of an event
	Transforms     = 4096    // of a flow, those inside others too
	Layers         = 1024    // of a preset, or of a list that is imported
	HiddenLayers   = 64      // of a network
	Width          = 1 << 16 // of a layer of a network
	Matrix         = 4096    // features of a learned matrix, which costs D³ a step
	PlainMatrix    = 1024    // features of one that needs its determinant and inverse anew
	Components     = 4096    // of a mixture
	Levels         = 1000    // of a context column of texts
	Block          = 64      // of a squeeze, along each dimension
	Kernel         = 31      // of a convolution, along each dimension
	Dilation       = 1 << 12 // of a convolution
	CausalDilation = 1 << 20 // of a WaveNet
	Depth          = 100     // objects and lists inside one another, in any JSON
)

// Of the memory for the values of a model: what a binding holds beside them, in
// float32 cells.
const (
	CellsPerValue = 4
	FreeCells     = 1 << 26
)

// Of a safetensors file.
const (
	// HeaderBytes are the JSON header's. 100,000 tensors with names of a hundred
	// bytes need about half of it.
	HeaderBytes = 32 << 20
	// Dimensions are those of a tensor.
	Dimensions = 8
	// MetadataKeys are the entries of the metadata, whose texts are bounded by the
	// header alone.
	MetadataKeys = 1024
	FileBytes    = 1 << 46
)

// Of a table.
const (
	Columns = 1 << 16
	// RecordBytes are those of a CSV record: a line, or several where a quoted cell
	// holds line breaks.
	RecordBytes = 16 << 20
	// NPYHeaderBytes are those of a .npy's header. NumPy itself refuses more than
	// 10,000 by default.
	NPYHeaderBytes = 1 << 16
	// ArrayBytes are those of an array that must be read whole: one of several in a
	// .npz, or a Fortran-ordered one that cannot be read twice.
	ArrayBytes = 1 << 30
	// HeldBytes are kept of such an array in memory; the rest goes to a file.
	HeldBytes = 64 << 20
)

// Of an import.
const (
	ConfigBytes     = 1 << 20 // of the file that describes the other library's flow
	LayerSize       = 1 << 20 // inputs or outputs of a layer, of which an empty tensor could claim any number
	ConvertedValues = 1 << 28 // weights of a network that becomes larger here
	CheckValues     = 1 << 24 // of an array of a check
)
