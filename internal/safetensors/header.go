package safetensors

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"unicode/utf8"
)

// An extent says where a tensor's values lie in the data and how they are
// encoded.
type extent struct {
	begin, end int64 // bytes of the data
	position   int32 // among the tensors of the header
	element    int8  // index in elementTypes
}

// A header is the checked header: extents[i] belongs to file.Tensors[i], whose
// Values are yet to come. It is the visitor that fills itself.
type header struct {
	file      File
	extents   []extent
	shapes    []int // of all tensors; each Shape is a part of it
	dataBytes int64
}

// parseHeader reads and checks the header of a file that holds dataBytes bytes
// after it.
//
// The text is scanned twice, first only to count, so that a header of nothing
// but tiny tensors costs no more memory than the tensors themselves. For the
// same reason duplicate names are found by sorting.
func parseHeader(text string, dataBytes int64) (*header, error) {
	if !strings.HasPrefix(text, "{") {
		return nil, errors.New(`the header does not begin with "{": this is not a safetensors file`)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("the header is not valid UTF-8")
	}
	var n counter
	if err := walk(text, &n); err != nil {
		return nil, err
	}
	h := &header{
		file:      File{Tensors: make([]Tensor, 0, n.tensors)},
		extents:   make([]extent, 0, n.tensors),
		shapes:    make([]int, 0, n.dimensions),
		dataBytes: dataBytes,
	}
	if err := walk(text, h); err != nil {
		return nil, err
	}
	if err := h.checkNames(); err != nil {
		return nil, err
	}
	return h, h.checkCover()
}

// A counter is the visitor that counts.
type counter struct{ tensors, dimensions int }

func (n *counter) metadata(string, string) error { return nil }

func (n *counter) tensor(_ string, e *entry) error {
	n.tensors++
	n.dimensions += e.dimensions
	return nil
}

func (h *header) metadata(key, raw string) error {
	if _, ok := h.file.Metadata[key]; ok {
		return fmt.Errorf("key %s occurs twice", quoted(key))
	}
	if len(h.file.Metadata) == MaxMetadataKeys {
		return fmt.Errorf("there are more than %d keys", MaxMetadataKeys)
	}
	if h.file.Metadata == nil {
		h.file.Metadata = map[string]string{}
	}
	h.file.Metadata[strings.Clone(key)] = strings.Clone(unescape(raw))
	return nil
}

func (h *header) tensor(name string, e *entry) error {
	start := len(h.shapes)
	for _, size := range e.shape[:e.dimensions] {
		if size > math.MaxInt {
			return fmt.Errorf("the dimension %d is too large for this processor", size)
		}
		h.shapes = append(h.shapes, int(size))
	}
	shape := h.shapes[start:len(h.shapes):len(h.shapes)]
	count, err := elements(shape)
	if err != nil {
		return err
	}
	begin, end := e.offsets[0], e.offsets[1]
	element := elementTypes[e.element]
	switch {
	case begin > end:
		return fmt.Errorf("data_offsets [%d, %d] end before they begin", begin, end)
	case end > h.dataBytes:
		return fmt.Errorf("data_offsets [%d, %d] reach beyond the %d bytes of data in the file: it is truncated or damaged",
			begin, end, h.dataBytes)
	case int64(count) != (end-begin)/int64(element.size) || (end-begin)%int64(element.size) != 0:
		return fmt.Errorf("shape %v of %s does not fill data_offsets [%d, %d], which are %d bytes",
			shape, element.name, begin, end, end-begin)
	}
	h.extents = append(h.extents, extent{begin, end, int32(len(h.extents)), int8(e.element)})
	h.file.Tensors = append(h.file.Tensors, Tensor{Name: strings.Clone(name), Shape: shape})
	return nil
}

// checkNames reports a name that occurs twice. It leaves the tensors in
// another order.
func (h *header) checkNames() error {
	tensors := h.file.Tensors
	sort.Sort(order{h, func(i, j int) bool { return tensors[i].Name < tensors[j].Name }})
	for i := 1; i < len(tensors); i++ {
		if tensors[i].Name == tensors[i-1].Name {
			return fmt.Errorf("tensor %s occurs twice", quoted(tensors[i].Name))
		}
	}
	return nil
}

// checkCover brings the tensors into the order of their data and reports any
// byte that does not belong to exactly one of them.
func (h *header) checkCover() error {
	extents := h.extents
	sort.Sort(order{h, func(i, j int) bool {
		a, b := extents[i], extents[j]
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.position, b.position)) < 0
	}})
	covered := int64(0)
	for i, e := range extents {
		if e.begin > covered {
			return fmt.Errorf("bytes %d to %d of the data, before tensor %s, belong to no tensor",
				covered, e.begin, quoted(h.file.Tensors[i].Name))
		}
		if e.begin < covered {
			return fmt.Errorf("tensor %s: data_offsets [%d, %d] overlap those of tensor %s",
				quoted(h.file.Tensors[i].Name), e.begin, e.end, quoted(h.file.Tensors[i-1].Name))
		}
		covered = e.end
	}
	if covered < h.dataBytes {
		return fmt.Errorf("the last %d bytes of the file belong to no tensor", h.dataBytes-covered)
	}
	return nil
}

// order sorts tensors and extents together.
type order struct {
	*header
	less func(i, j int) bool
}

func (o order) Len() int           { return len(o.extents) }
func (o order) Less(i, j int) bool { return o.less(i, j) }
func (o order) Swap(i, j int) {
	o.extents[i], o.extents[j] = o.extents[j], o.extents[i]
	o.file.Tensors[i], o.file.Tensors[j] = o.file.Tensors[j], o.file.Tensors[i]
}
