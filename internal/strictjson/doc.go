// Package strictjson reads and writes plain data as JSON, strictly: a key that
// is not known, or stands in another case, or comes twice is an error, and so
// is what stands behind the value. (encoding/json takes the last of two keys,
// and keys of another case for its own.)
//
// A field whose type is an interface can hold one of several kinds of a thing.
// [Kinds] names them; in JSON such a value is an object that says its kind under
// "type", before its own fields:
//
//	{"type": "affine", "scale_map": "tanh-exp", "bound": 1}
//
// Otherwise values are written as encoding/json writes them, byte for byte.
//
// # Versions
//
// A program that reads a file must know all that the file says. So each kind
// says with which version of the file format it came, and a value whose fields
// came later than its kind can have the method of [Versioned]. [Marshal] returns
// the version that a text needs, the highest of its parts; [Decode] likewise.
package strictjson

// FirstVersion is the version that plain data need.
const FirstVersion = 1

// Versioned is a value that needs a version of the file format by what it
// holds: a field that was added later, say, if it is used.
type Versioned interface{ FormatVersion() int }
