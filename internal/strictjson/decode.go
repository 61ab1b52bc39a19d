package strictjson

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode reads the JSON text into what v points at, and returns the version of
// the file format that it needs. Of v itself methods are not called, so that an
// UnmarshalJSON can be made of Decode.
func Decode(text []byte, v any) (version int, err error) {
	value, err := whole(text)
	if err != nil {
		return 0, err
	}
	d := decoder{scanner: scanner{text: value}, version: FirstVersion, counts: map[*registry]int{}}
	if err := d.plain(reflect.ValueOf(v).Elem()); err != nil {
		return 0, err
	}
	return d.version, nil
}

type decoder struct {
	scanner
	version int
	counts  map[*registry]int // of the values read so far
}

// placed is an error with the place where it arose, keys and indices.
type placed struct {
	path string
	err  error
}

func (p *placed) Error() string { return fmt.Sprintf("%q: %v", p.path, p.err) }
func (p *placed) Unwrap() error { return p.err }

// at says that err arose under a key or an index.
func at(place string, err error) error {
	if err == nil {
		return nil
	}
	if inner := (*placed)(nil); errors.As(err, &inner) {
		return &placed{place + "." + inner.path, inner.err}
	}
	return &placed{place, err}
}

// value reads the value that comes into v.
func (d *decoder) value(v reflect.Value) error {
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		if err := u.UnmarshalJSON(d.skip()); err != nil {
			return err
		}
		d.note(v)
		return nil
	}
	return d.plain(v)
}

// plain is value without regard to v's own UnmarshalJSON.
func (d *decoder) plain(v reflect.Value) error {
	c := d.next()
	r := registries[v.Type()]
	switch k := v.Kind(); {
	case c == 'n' || isLeaf(v.Type()) && r == nil:
		return d.leaf(v)
	case k == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem())
	case (k == reflect.Struct || k == reflect.Map || r != nil) && c != '{', k == reflect.Slice && c != '[':
		return mismatch(jsonNames[c], v.Type())
	case r != nil:
		return d.kind(r, v)
	case k == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return d.elements(func(i int) error {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			return at(strconv.Itoa(i), d.value(v.Index(i)))
		})
	case k == reflect.Map:
		return d.entries(v)
	}
	return d.object(v, nil)
}

// note takes account of the version that v says it needs.
func (d *decoder) note(v reflect.Value) { d.version = max(d.version, versionOf(v.Addr())) }

// isLeaf tells whether values of a type hold no objects of ours.
func isLeaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return isLeaf(t.Elem())
	case reflect.Struct, reflect.Map, reflect.Interface:
		return false
	}
	return true
}

// leaf reads a value as encoding/json does.
func (d *decoder) leaf(v reflect.Value) error {
	text := d.skip()
	err := json.Unmarshal(text, v.Addr().Interface())
	if err == nil && v.Kind() == reflect.Float32 && math.Abs(v.Float()) < 0x1p-126 {
		// It was made 0, or lost its digits, unless it is 0.
		if wide, err := strconv.ParseFloat(string(text), 64); err == nil && wide != 0 {
			return fmt.Errorf("it holds %s, which float32 cannot hold", text)
		}
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return mismatch(kind.Value, kind.Type)
	}
	if err == nil {
		d.note(v)
	}
	return err
}

// kind reads an object that says which kind it is.
func (d *decoder) kind(r *registry, v reflect.Value) error {
	if d.counts[r]++; r.most > 0 && d.counts[r] > r.most {
		return fmt.Errorf("there are more than %d %ss, which is the most that is supported", r.most, r.noun)
	}
	name, err := d.tag()
	if err != nil {
		return err
	}
	if name == "" && r.silent == "" {
		return fmt.Errorf("a %s without %q", r.noun, tag)
	}
	found, err := r.find(cmp.Or(name, r.silent))
	if err != nil {
		return err
	}
	d.version = max(d.version, found.version)
	of := reflect.New(found.of)
	v.Set(of)
	if u, ok := of.Interface().(json.Unmarshaler); ok {
		text, err := d.untagged()
		if err != nil {
			return err
		}
		if err := u.UnmarshalJSON(text); err != nil {
			return err
		}
		d.note(of.Elem())
		return nil
	}
	return d.object(of.Elem(), r)
}

// tag is the key that says of which kind an object is.
const tag = "type"

// errFound ends a search.
var errFound = errors.New("found")

// tag returns what the object that comes has under "type", or "". It stays
// before the object.
func (d *decoder) tag() (name string, err error) {
	s := d.scanner
	err = s.members(func(key string) error {
		value := s.skip()
		if key != tag {
			return nil
		}
		if err := json.Unmarshal(value, &name); err != nil || name == "" {
			return fmt.Errorf("%q is %s, want the name of a kind", tag, value)
		}
		return errFound
	})
	if err == errFound {
		err = nil
	}
	return name, err
}

// untagged returns the text of the object that comes without its "type".
func (d *decoder) untagged() ([]byte, error) {
	text := []byte("{")
	err := d.members(func(key string) error {
		value := d.skip()
		if key == tag {
			return nil
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		name, err := json.Marshal(key)
		text = append(append(append(text, name...), ':'), value...)
		return err
	})
	return append(text, '}'), err
}

// object reads an object into the struct v, which is one of the kinds of r unless
// that is nil. Such an object has the key "type" beside the fields, and if they
// are shared those of other kinds where they say nothing.
func (d *decoder) object(v reflect.Value, r *registry) error {
	fields := fieldsOf(v.Type())
	err := d.members(func(key string) error {
		if r != nil && key == tag {
			d.skip()
			return nil
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key })
		if i < 0 && r != nil && r.shared && r.has(key) && slices.Contains(nothing, string(d.skip())) {
			return nil
		}
		if i < 0 {
			names := make([]string, len(fields))
			for i, f := range fields {
				names[i] = f.name
			}
			return fmt.Errorf("the key %q is not known; known are %s", key, strings.Join(names, ", "))
		}
		return at(key, d.value(v.FieldByIndex(fields[i].index)))
	})
	if err == nil {
		d.note(v)
	}
	return err
}

// nothing lists what says as much as an absent key.
var nothing = []string{"null", "false", "0", `""`, "[]", "{}"}

// entries reads an object into the map v, whose keys are any.
func (d *decoder) entries(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.members(func(key string) error {
		entry := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(entry); err != nil {
			return at(key, err)
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), entry)
		return nil
	})
}

// jsonNames tells by its first byte what a value is.
var jsonNames = func() map[byte]string {
	names := map[byte]string{'{': "object", '[': "array", '"': "string", 't': "bool", 'f': "bool", '-': "number"}
	for digit := byte('0'); digit <= '9'; digit++ {
		names[digit] = "number"
	}
	return names
}()

// mismatch says that a value is not what its place needs.
func mismatch(given string, want reflect.Type) error {
	article := "a"
	if strings.HasPrefix(given, "array") || strings.HasPrefix(given, "object") {
		article = "an"
	}
	return fmt.Errorf("it holds %s %s, want %s", article, given, described(want))
}

func described(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return described(t.Elem())
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float32:
		return "a number that float32 holds"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
