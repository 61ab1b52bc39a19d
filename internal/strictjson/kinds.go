package strictjson

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Kinds are the kinds of a T, an interface: for each its name in JSON and its
// Go type. [Marshal] and [Decode] then know what a field of type T holds. Kinds
// are made when a program begins, before anything is read or written.
type Kinds[T any] struct{ *registry }

// registry is Kinds without the type parameter.
type registry struct {
	noun   string // what a T is called in errors
	kinds  map[string]kind
	order  []string // of the names
	names  map[reflect.Type]string
	silent string // the kind that is written without "type", or ""
	most   int    // how many a text may hold; 0 is any number
	shared bool   // see Shared
}

type kind struct {
	version int
	of      reflect.Type // a value is a pointer to it
}

// registries are those of all interfaces.
var registries = map[reflect.Type]*registry{}

// New returns Kinds of the interface T, without any yet; noun is what errors
// call a T.
func New[T any](noun string) Kinds[T] {
	r := &registry{noun: noun, kinds: map[string]kind{}, names: map[reflect.Type]string{}}
	registries[reflect.TypeFor[T]()] = r
	return Kinds[T]{r}
}

// Add adds a kind: its name, the version of the file format that has it, and a
// pointer to an empty value.
func (k Kinds[T]) Add(name string, version int, empty T) Kinds[T] {
	of := reflect.TypeOf(empty).Elem()
	k.order = append(k.order, name)
	k.kinds[name], k.names[of] = kind{version, of}, name
	return k
}

// Silent makes a kind that of objects without "type"; it is written so.
func (k Kinds[T]) Silent(name string) Kinds[T] {
	k.silent = name
	return k
}

// Shared lets an object have the keys of the other kinds too where they say
// nothing, as writers do that have one type for all of them.
func (k Kinds[T]) Shared() Kinds[T] {
	k.shared = true
	return k
}

// AtMost bounds how many a text may hold.
func (k Kinds[T]) AtMost(n int) Kinds[T] {
	k.most = n
	return k
}

// Names returns the names of all kinds, in the order in which they were added.
func (r *registry) Names() []string { return slices.Clone(r.order) }

// Empty returns a new empty value of a kind.
func (k Kinds[T]) Empty(name string) (T, error) {
	found, err := k.find(name)
	if err != nil {
		var none T
		return none, err
	}
	return reflect.New(found.of).Interface().(T), nil
}

// Name returns the name of the kind that v is of.
func (k Kinds[T]) Name(v T) (string, error) { return k.nameOf(reflect.ValueOf(v)) }

// Marshal returns the JSON of v, with its kind.
func (k Kinds[T]) Marshal(v T) ([]byte, error) {
	text, _, err := Marshal(&v)
	return text, err
}

// Unmarshal reads a value of one of the kinds.
func (k Kinds[T]) Unmarshal(text []byte) (v T, err error) {
	_, err = Decode(text, &v)
	return v, err
}

func (r *registry) find(name string) (kind, error) {
	found, ok := r.kinds[name]
	if !ok {
		return kind{}, fmt.Errorf("%s type %q is not known to this version, which knows %s", r.noun, name, strings.Join(r.Names(), ", "))
	}
	return found, nil
}

// has tells whether any kind has a key.
func (r *registry) has(key string) bool {
	for of := range r.names {
		if of.Kind() == reflect.Struct && slices.ContainsFunc(fieldsOf(of), func(f field) bool { return f.name == key }) {
			return true
		}
	}
	return false
}

func (r *registry) nameOf(v reflect.Value) (string, error) {
	if v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() {
		if name, ok := r.names[v.Type().Elem()]; ok {
			return name, nil
		}
	}
	if !v.IsValid() {
		return "", fmt.Errorf("no %s is given", r.noun)
	}
	return "", fmt.Errorf("the %s %v has no name in a file; give a pointer to one of %s", r.noun, v.Type(), strings.Join(r.Names(), ", "))
}
