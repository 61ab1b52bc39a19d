// Package table reads and writes tables of float64 rows, one block at a time, so that a table larger than memory
// costs no more than a block.
//
// The ending of a file's name chooses its format:
//
//	.csv      comma-separated text, RFC 4180 quoting; semicolons and tabs are recognised
//	.csv.gz   the same, compressed by gzip
//	.npy      a NumPy array of one or two dimensions
//	.npz      a NumPy archive; the array is the one named X
//	-         CSV on standard input or standard output
//
// Reading: [Open], then [Reader.Select] if only some columns are wanted, then [Reader.Read] until io.EOF.
// A row that cannot be used (a missing value, text, NaN, too few cells) is a [*RowError], and reading can go on
// after it; [Options].OnBadRow can also skip such rows or replace them by NaN.
//
// Writing: [Create], [Writer.WriteHeader], [Writer.WriteRows], and [Writer.Close] to commit or [Writer.Abort] to
// discard. A file appears under its name only when it is complete.
package table
