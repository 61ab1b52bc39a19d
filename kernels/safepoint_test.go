package kernels

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// TestLoopsOverKernelsHaveSafePoints reads the sources of this package: the
// innermost loop around each call of a tier's kernel calls safePoint, or the
// garbage collector waits until the loop has ended.
func TestLoopsOverKernelsHaveSafePoints(t *testing.T) {
	kernel := map[string]bool{}
	for _, of := range []reflect.Type{reflect.TypeFor[Tier](), reflect.TypeFor[matmulKernels]()} {
		for i := range of.NumField() {
			if of.Field(i).Type.Kind() == reflect.Func {
				kernel[of.Field(i).Name] = true
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	loops := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		// Only methods of Tier and what takes a kernel as an argument call
		// kernels of assembly; references call scalar functions.
		var inspect func(loop ast.Node, n ast.Node)
		inspect = func(loop, n ast.Node) {
			ast.Inspect(n, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ForStmt:
					inspect(n, n.Body)
					return false
				case *ast.RangeStmt:
					inspect(n, n.Body)
					return false
				case *ast.CallExpr:
					if loop == nil || !callsKernel(n, kernel) {
						return true
					}
					loops++
					if !callsSafePoint(loop) {
						t.Errorf("%v: a loop over calls of a kernel without safePoint()", set.Position(loop.Pos()))
					}
				}
				return true
			})
		}
		inspect(nil, file)
	}
	if loops < 20 {
		t.Errorf("found %d loops over kernels; there are more: does this test still know how they are called?", loops)
	}
}

// callsKernel tells whether a call is of the form t.exp(...),
// t.matmul.pack(...) or kernel(...), as tiers' kernels are called.
func callsKernel(call *ast.CallExpr, kernel map[string]bool) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "kernel"
	case *ast.SelectorExpr:
		switch x := f.X.(type) {
		case *ast.Ident:
			return x.Name == "t" && kernel[f.Sel.Name]
		case *ast.SelectorExpr:
			return x.Sel.Name == "matmul" && kernel[f.Sel.Name]
		}
	}
	return false
}

func callsSafePoint(loop ast.Node) bool {
	found := false
	ast.Inspect(loop, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			f, ok := call.Fun.(*ast.Ident)
			found = found || ok && f.Name == "safePoint"
		}
		return !found
	})
	return found
}

// TestKernelCallsAreCut counts the elements of each call that the elementwise
// functions and the other functions on vectors make into a tier.
func TestKernelCallsAreCut(t *testing.T) {
	calls, longest := 0, 0
	spy := reference
	v := reflect.ValueOf(&spy).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() != reflect.Func {
			continue
		}
		field := reflect.NewAt(v.Field(i).Type(), unsafe.Pointer(v.Field(i).UnsafeAddr())).Elem()
		field.Set(reflect.MakeFunc(field.Type(), func(arguments []reflect.Value) []reflect.Value {
			calls++
			for _, a := range arguments {
				if a.Kind() == reflect.Slice {
					longest = max(longest, a.Len())
				}
			}
			return nil
		}))
	}
	const n = 3*chunk + 64
	a, b, c, d := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	words := make([]uint32, n)
	check := func(name string, run func()) {
		calls, longest = 0, 0
		run()
		if calls != 4 || longest != chunk {
			t.Errorf("%s: %d elements are %d calls of at most %d, want 4 of at most %d", name, n, calls, longest, chunk)
		}
	}
	for _, f := range functions {
		check(f.Name, func() { f.Call(&spy, a, b, c) })
	}
	check("ReLU", func() { spy.ReLU(a, b) })
	check("ReLUBackward", func() { spy.ReLUBackward(a, b, c) })
	check("Add", func() { spy.Add(a, b, c) })
	check("Scale", func() { spy.Scale(a, b, 2) })
	check("Adam", func() { spy.Adam(a, b, c, d, AdamStep{Correction1: 1, Correction2: 1}) })
	check("PhiloxWords", func() { spy.PhiloxWords(words, 1, 2, 3) })
	check("NormalRows", func() { spy.NormalRows(a, n/64, 64, 1, 2, 3) })
}
