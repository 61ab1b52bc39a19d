package strictjson

import (
	"reflect"
	"strings"
)

// field is a field of a struct as JSON has it.
type field struct {
	name      string
	index     []int
	omitEmpty bool
}

// fieldsOf returns the fields in their order, those of embedded structs in
// their place.
func fieldsOf(t reflect.Type) (fields []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = f.Name
		}
		fields = append(fields, field{name, []int{i}, options == "omitempty"})
	}
	return fields
}

// versionOf returns the version that v, or what it points at, says it needs, and
// what the structs embedded in it say.
func versionOf(v reflect.Value) int {
	version := FirstVersion
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return version
	}
	if versioned, ok := v.Interface().(Versioned); ok {
		version = max(version, versioned.FormatVersion())
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return version
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct && f.IsExported() {
			version = max(version, versionOf(v.Field(i)))
		}
	}
	return version
}
