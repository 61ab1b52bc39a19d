// Package safetensors reads and writes the safetensors format, the plain
// container for the weights of models
// (https://github.com/safetensors/safetensors, README, "Format"):
//
//	8 bytes    the length n of the header, little-endian
//	n bytes    the header, JSON: {"__metadata__": {"key": "text", …},
//	           "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//	the rest   the tensors' values, row-major, little-endian, without gaps
//
// A file may come from anyone, so Read trusts none of it. Where the
// specification leaves a choice, Read takes the strict one: a key that it does
// not know, or one that occurs twice, is an error.
//
// A library accepts what we must refuse: github.com/maruel/safetensors (2024)
// takes duplicate keys, keys of another case and unknown ones, and hands out
// bytes rather than values. That is why the format is read here.
package safetensors
