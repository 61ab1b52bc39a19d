// Package table reads and writes tables of float64 rows, one block at a time, so that a table larger than memory
// costs no more than a block.
//
// The ending of a file's name chooses its format:
//
//	.csv      comma-separated text, RFC 4180 quoting; semicolons and tabs are recognised
//	.tsv      the same with tabs
//	.txt      the same with tabs, commas, semicolons, or any number of blanks between cells
//	.csv.gz   and so on: the same, compressed by gzip
//	.npy      a NumPy array of one or two dimensions, or a structured one, whose fields are columns
//	.npz      a NumPy archive: its array X, or x, or the only one; an array context beside X or x is more columns
//	-         CSV on standard input, compressed by gzip or not, or standard output
//
// Reading: [Open], then [Reader.Select] if only some columns are wanted, then [Reader.Read] until io.EOF.
// A row that cannot be used (a missing value, text, NaN, too few cells) is a [*RowError], and reading can go on
// after it; [Options].OnBadRow can also skip such rows or replace them by NaN.
//
// Writing: [Create], [Writer.WriteHeader], [Writer.WriteRows], and [Writer.Close] to commit or [Writer.Abort] to
// discard. A file appears under its name only when it is complete.
package table
