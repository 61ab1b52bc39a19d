package strictjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

type shape interface{ Sides() int }

type square struct {
	Side float64 `json:"side"`
	Tilt *int    `json:"tilt,omitempty"`
}

// heap holds other shapes. Its method hides that of Labels.
type heap struct {
	Shapes []shape `json:"shapes"`
	Labels
}

func (*heap) FormatVersion() int { return 1 }

// Labels has a field that came with version 4.
type Labels struct {
	Names []string `json:"names,omitempty"`
	Flat  bool     `json:"flat,omitempty"`
	Size  int      `json:"size,omitempty"`
}

func (l Labels) FormatVersion() int {
	if l.Size != 0 {
		return 4
	}
	return 1
}

// star has its own JSON, and points that came with version 3.
type star struct{ points int }

type starJSON struct {
	Points int `json:"points"`
}

func (square) Sides() int { return 4 }
func (heap) Sides() int   { return 0 }
func (s star) Sides() int { return s.points }

func (s *star) MarshalJSON() ([]byte, error) { return json.Marshal(starJSON{s.points}) }
func (s *star) UnmarshalJSON(text []byte) error {
	var j starJSON
	_, err := strictjson.Decode(text, &j)
	s.points = j.Points
	return err
}

func (s *star) FormatVersion() int {
	if s.points > 5 {
		return 3
	}
	return 1
}

var shapes = strictjson.New[shape]("shape").AtMost(9).
	Add("square", 1, &square{}).
	Add("heap", 2, &heap{}).
	Add("star", 1, &star{}).
	Silent("square").
	Shared()

type document struct {
	Title  string            `json:"title"`
	First  shape             `json:"first"`
	Others []shape           `json:"others,omitempty"`
	Sizes  [][]int           `json:"sizes"`
	Notes  map[string]square `json:"notes,omitempty"`
	Narrow float32           `json:"narrow,omitempty"`
}

// TestWrittenAsRead reads texts and writes them again, byte for byte.
func TestWrittenAsRead(t *testing.T) {
	for text, version := range map[string]int{
		`{"title":"a","first":{"side":1.5},"sizes":[[1,2],[]]}`:                                                            1,
		`{"title":"<é>","first":{"side":1,"tilt":0},"sizes":null}`:                                                         1,
		`{"title":"","first":null,"others":[{"type":"star","points":5},{"side":0}],"sizes":[]}`:                            1,
		`{"title":"","first":{"type":"star","points":6},"sizes":[]}`:                                                       3,
		`{"title":"","first":{"type":"heap","shapes":[{"type":"heap","shapes":[],"flat":true}],"names":["a"]},"sizes":[]}`: 2,
		`{"title":"","first":{"type":"heap","shapes":[{"type":"star","points":7}]},"sizes":[]}`:                            3,
	} {
		var d document
		given, err := strictjson.Decode([]byte(text), &d)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, needed, err := strictjson.Marshal(&d)
		var escaped bytes.Buffer
		json.HTMLEscape(&escaped, []byte(text))
		if err != nil || string(again) != escaped.String() {
			t.Errorf("%s is written as %s, %v", text, again, err)
		}
		if given != version || needed != version {
			t.Errorf("%s: read it needs version %d, written %d, want %d", text, given, needed, version)
		}
	}
}

// TestOtherSpellings reads what is never written so.
func TestOtherSpellings(t *testing.T) {
	for text, want := range map[string]shape{
		` { "side" : 2 , "type" : "square" } `:             &square{Side: 2},
		"{\"points\":4,\n\t\"type\":\"star\"}":             &star{4},
		`{"ty\u0070e":"star","p\u006fints":4}`:             &star{4},
		`{"type":"heap","shapes":null,"flat":false}`:       &heap{},
		`{"type":"heap","names":["a\"]}"],"shapes":null}`:  &heap{Labels: Labels{Names: []string{`a"]}`}}},
		`{"side":1,"flat":false,"names":[],"shapes":null}`: &square{Side: 1},
		`null`: nil,
	} {
		got, err := shapes.Unmarshal([]byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %#v, %v; want %#v", text, got, err, want)
		}
	}
}

// TestRefused holds that what is wrong is named, with its place.
func TestRefused(t *testing.T) {
	const start = `{"title":"a","sizes":[],`
	for text, words := range map[string][]string{
		``:                               {"not JSON"},
		` `:                              {"not JSON"},
		`{"title":"a"`:                   {"not JSON"},
		`{"title":"a"}{}`:                {"follows"},
		`[]`:                             {"array", "object"},
		`"title"`:                        {"string", "object"},
		`{"Title":"a"}`:                  {`"Title" is not known`, "title, first"},
		`{"title":"a","title":"b"}`:      {`"title" comes twice`},
		`{"title":"a","t\u0069tle":"b"}`: {`"title" comes twice`},
		start + `"notes":{"x":{"side":1},"x":{"side":2}}}`:                       {`"notes"`, `"x" comes twice`},
		start + `"notes":{"x":{"side":"1"}}}`:                                    {`"notes.x.side"`, "string", "a number"},
		start + `"first":{"type":"disc"}}`:                                       {`"first"`, `shape type "disc"`, "square, heap, star"},
		start + `"first":{"type":"Star","points":1}}`:                            {`"Star"`},
		start + `"first":{"type":3}}`:                                            {`"first"`, "3"},
		start + `"first":{"type":""}}`:                                           {`"first"`, `""`},
		start + `"first":[]}`:                                                    {`"first"`, "array"},
		start + `"first":{"type":"star","points":1,"side":2}}`:                   {`"first"`, `"side" is not known`, "points"},
		start + `"first":{"type":"star","type":"star"}}`:                         {`"type" comes twice`},
		start + `"first":{"type":"square","type":"star"}}`:                       {`"type" comes twice`},
		start + `"first":{"side":1,"points":1}}`:                                 {`"points" is not known`, "side, tilt"},
		start + `"first":{"type":"square","side":1,"side":1}}`:                   {`"side" comes twice`},
		start + `"others":[{"side":1},{"type":"heap","x":1}]}`:                   {`"others.1"`, `"x" is not known`, "shapes, names, flat, size"},
		start + `"first":{"side":1,"flat":true}}`:                                {`"flat" is not known`},
		start + `"first":{"side":1,"round":false}}`:                              {`"round" is not known`},
		start + `"first":{"side":1,"flat":false,"flat":false}}`:                  {`"flat" comes twice`},
		start + `"flat":false}`:                                                  {`"flat" is not known`},
		start + `"others":{}}`:                                                   {`"others"`, "object", "list"},
		`{"sizes":[[1],[1.5]]}`:                                                  {`"sizes"`, "number 1.5", "whole number"},
		start + `"narrow":1e39}`:                                                 {`"narrow"`, "1e39", "float32 holds"},
		start + `"narrow":1e-45}`:                                                {`"narrow"`, "1e-45", "float32 cannot hold"},
		start + `"others":[` + strings.Repeat(`{"side":1},`, 9) + `{"side":1}]}`: {`"others.9"`, "more than 9 shapes"},
		strings.Repeat(`{"first":`, 101) + `1` + strings.Repeat(`}`, 101):        {"nested more than 100"},
		`{"sizes":` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `}`:  {"nested more than 100"},
	} {
		var d document
		_, err := strictjson.Decode([]byte(text), &d)
		if err == nil {
			t.Errorf("%s is read as %+v", text, d)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error %q does not hold %q", text, err, w)
			}
		}
	}
	// Nine shapes are not too many, wherever they are.
	text := start + `"first":{"type":"heap","shapes":[` + strings.Repeat(`{"side":1},`, 6) + `{"side":1}]},"others":[{"side":1}]}`
	if _, err := strictjson.Decode([]byte(text), new(document)); err != nil {
		t.Error(err)
	}
}

type unnamed struct{}

func (unnamed) Sides() int { return 1 }

func TestKindsWithoutNames(t *testing.T) {
	for _, s := range []shape{unnamed{}, &unnamed{}, square{}, (*square)(nil)} {
		if _, _, err := strictjson.Marshal(&document{First: s}); err == nil || !strings.Contains(err.Error(), "has no name") || !strings.Contains(err.Error(), `"first"`) {
			t.Errorf("%#v: the error is %v", s, err)
		}
	}
	if name, err := shapes.Name(&heap{}); err != nil || name != "heap" {
		t.Errorf("a heap is named %q, %v", name, err)
	}
	if _, err := shapes.Name(nil); err == nil || !strings.Contains(err.Error(), "no shape is given") {
		t.Errorf("the error is %v", err)
	}
	if empty, err := shapes.Empty("star"); err != nil || !reflect.DeepEqual(empty, &star{}) {
		t.Errorf("the empty star is %#v, %v", empty, err)
	}
	if _, err := shapes.Empty("disc"); err == nil {
		t.Error("there is a disc")
	}
}

// plain has every type that descriptions use, and no kinds.
type plain struct {
	A int                 `json:"a"`
	B []float64           `json:"b,omitempty"`
	C map[string]*plain   `json:"c,omitempty"`
	D *plain              `json:"d,omitempty"`
	E []plain             `json:"e"`
	F float32             `json:"f"`
	G string              `json:"g,omitempty"`
	H struct{ X, Y bool } `json:"h"`
	I *bool               `json:"i,omitempty"`
}

// FuzzDecode holds Decode against encoding/json: what it reads, that reads to
// the same value, and both write the same bytes.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":[1,2e3],"e":[{"a":-1,"e":null,"f":0.1,"h":{"X":true,"Y":false}}],"f":1e-9,"h":{"X":true,"Y":true}}`,
		`{"c":{"é":{"a":1},"":null},"d":{"d":{"d":null}},"g":"\u003c\ud83d\ude00","i":false}`,
		` {"e" : [ ] , "b":[ ],"c":{ }} `, `{"a":null,"b":null}`, `null`, `{"b":[[]]}`, `{"g":"\\\"}"}`, `{"a":1,"A":2}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want plain
		if _, err := strictjson.Decode(text, &got); err != nil {
			return
		}
		if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s is read as %+v, encoding/json reads %+v, %v", text, got, want, err)
		}
		ours, _, err := strictjson.Marshal(&got)
		theirs, _ := json.Marshal(want)
		if err != nil || string(ours) != string(theirs) {
			t.Fatalf("%s is written as %s, %v; encoding/json writes %s", text, ours, err, theirs)
		}
	})
}
