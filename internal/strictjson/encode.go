package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// Marshal returns the JSON of what v points at and the version of the file
// format that it needs. Of v itself methods are not called, so that a
// MarshalJSON can be made of Marshal.
func Marshal(v any) (text []byte, version int, err error) {
	e := encoder{version: FirstVersion}
	if err := e.plain(reflect.ValueOf(v).Elem()); err != nil {
		return nil, 0, err
	}
	return e.Bytes(), e.version, nil
}

type encoder struct {
	bytes.Buffer
	version int
}

// value writes v.
func (e *encoder) value(v reflect.Value) error {
	if v.Kind() == reflect.Interface {
		return e.plain(v)
	}
	_, ok := v.Interface().(json.Marshaler)
	if !ok && v.CanAddr() {
		if _, ok = v.Addr().Interface().(json.Marshaler); ok {
			v = v.Addr()
		}
	}
	if ok {
		e.note(v)
		return e.leaf(v)
	}
	return e.plain(v)
}

// note takes account of the version that v says it needs.
func (e *encoder) note(v reflect.Value) {
	if v.CanAddr() {
		v = v.Addr()
	}
	e.version = max(e.version, versionOf(v))
}

// plain is value without regard to v's own MarshalJSON.
func (e *encoder) plain(v reflect.Value) error {
	r := registries[v.Type()]
	switch k := v.Kind(); {
	case r == nil && isLeaf(v.Type()), k == reflect.Map,
		(k == reflect.Interface || k == reflect.Pointer || k == reflect.Slice) && v.IsNil():
		if v.Kind() != reflect.Interface {
			e.note(v)
		}
		return e.leaf(v)
	case r != nil:
		return e.kind(r, v.Elem())
	case k == reflect.Pointer:
		return e.value(v.Elem())
	case k == reflect.Slice:
		e.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				e.WriteByte(',')
			}
			if err := at(strconv.Itoa(i), e.value(v.Index(i))); err != nil {
				return err
			}
		}
		e.WriteByte(']')
		return nil
	case k == reflect.Interface:
		return e.value(v.Elem())
	}
	return e.object(v)
}

// leaf writes a value as encoding/json does.
func (e *encoder) leaf(v reflect.Value) error {
	text, err := json.Marshal(v.Interface())
	e.Write(text)
	return err
}

// kind writes v, a pointer to a kind of r.
func (e *encoder) kind(r *registry, v reflect.Value) error {
	name, err := r.nameOf(v)
	if err != nil {
		return err
	}
	e.version = max(e.version, r.kinds[name].version)
	start := e.Len()
	if err := e.value(v); err != nil {
		return err
	}
	if name == r.silent {
		return nil
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return err
	}
	fields := bytes.Clone(e.Bytes()[start:])
	e.Truncate(start)
	e.WriteString(`{"` + tag + `":`)
	e.Write(quoted)
	if len(fields) > len("{}") {
		e.WriteByte(',')
	}
	e.Write(fields[1:])
	return nil
}

// object writes a struct.
func (e *encoder) object(v reflect.Value) error {
	e.note(v)
	e.WriteByte('{')
	first := true
	for _, f := range fieldsOf(v.Type()) {
		value := v.FieldByIndex(f.index)
		if f.omitEmpty && isEmpty(value) {
			continue
		}
		if !first {
			e.WriteByte(',')
		}
		first = false
		name, err := json.Marshal(f.name)
		if err != nil {
			return err
		}
		e.Write(name)
		e.WriteByte(':')
		if err := at(f.name, e.value(value)); err != nil {
			return err
		}
	}
	e.WriteByte('}')
	return nil
}

// isEmpty tells whether omitempty leaves v out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
