package anomaly

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ring returns rows near a circle, each tenth of them an anomaly anywhere in and
// around it, which no single column shows, with the row's number in a third
// column.
func ring(n int) *Set {
	e := make([]float32, 3*n)
	kernels.NormalRows(e, n, 3, 1, random.Demo, 0)
	s := &Set{Name: "ring", Columns: []string{"x", "y", "number"}}
	for i := range n {
		a, b := float64(e[3*i]), float64(e[3*i+1])
		radius := 3 / math.Hypot(a, b)
		anomaly := i%10 == 0
		if anomaly {
			radius = 1.5
		}
		s.Rows = append(s.Rows, radius*a+0.1*float64(e[3*i+2]), radius*b, float64(i))
		s.Anomaly = append(s.Anomaly, anomaly)
	}
	return s
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ rows, training, anomalies, test, testAnomalies int }{
		{2000, 1400, 140, 600, 60},
		{12000, 7000, -1, 3000, -1}, // how many of 10,000 are anomalies is drawn
		{500, 700, -1, 300, -1},
	} {
		s := ring(c.rows)
		training, test, err := s.Split(7)
		if err != nil {
			t.Fatal(err)
		}
		if len(training.Anomaly)+len(test.Anomaly) != c.training+c.test || math.Abs(float64(len(test.Anomaly)-c.test)) > 1 {
			t.Errorf("%d rows: %d to train on and %d to test on", c.rows, len(training.Anomaly), len(test.Anomaly))
		}
		if c.anomalies >= 0 && (training.Anomalies() != c.anomalies || test.Anomalies() != c.testAnomalies) {
			t.Errorf("%d rows: %d and %d anomalies", c.rows, training.Anomalies(), test.Anomalies())
		}
		seen := map[float64]bool{}
		for _, part := range []*Set{training, test} {
			for r, anomaly := range part.Anomaly {
				number := part.Rows[3*r+2]
				if anomaly != (int(number)%10 == 0) {
					t.Fatalf("row %v has the label %v", number, anomaly)
				}
				if seen[number] && c.rows >= fewestRows {
					t.Fatalf("row %v occurs twice", number)
				}
				seen[number] = true
			}
		}
		if c.rows < fewestRows && (len(seen) < c.rows/2 || len(seen) > c.rows*9/10) {
			t.Errorf("%d of %d rows were drawn with replacement", len(seen), c.rows)
		}
		other, _, err := s.Split(8)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(other.Rows[:30]) == fmt.Sprint(training.Rows[:30]) {
			t.Error("two seeds draw the same")
		}
	}
	if _, _, err := (&Set{Name: "none"}).Split(1); err == nil {
		t.Error("a set without rows was split")
	}
	normal := ring(2000)
	clear(normal.Anomaly)
	if _, _, err := normal.Split(1); err == nil || !strings.Contains(err.Error(), "0 anomalies") {
		t.Errorf("without anomalies: %v", err)
	}
}

func TestAUROC(t *testing.T) {
	s := ring(2000)
	for r := range s.Anomaly {
		s.Rows[3*r+2] = 5 // a constant column is left out
	}
	d := Detector{Preset: flow.PresetNSF, Flow: flow.Options{Layers: 4, Hidden: []int{32}}, Fit: train.Defaults()}
	d.Fit.Epochs, d.Fit.Batch, d.Fit.LearningRate = 20, 128, 5e-3
	area, err := d.AUROC(context.Background(), s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.4f", area)
	// Some anomalies lie on the circle.
	if area < 0.9 {
		t.Errorf("the area is %v", area)
	}
	// Labels that have nothing to do with the rows: five standard errors.
	for r := range s.Anomaly {
		s.Anomaly[r] = r%7 == 0
	}
	if area, err = d.AUROC(context.Background(), s, 1); err != nil || math.Abs(area-0.5) > 5*0.034 {
		t.Errorf("for labels at random the area is %v, %v", area, err)
	}
	for i := range s.Rows {
		s.Rows[i] = 1
	}
	if _, err := d.AUROC(context.Background(), s, 1); err == nil || !strings.Contains(err.Error(), "every column is constant") {
		t.Errorf("constant columns: %v", err)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	s, err := Read(write(t, "some.set.csv", "a,label,b\n1,0,2\n3,1,4\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "some" || fmt.Sprint(s.Columns, s.Rows, s.Anomaly, s.Anomalies()) != "[a b] [1 2 3 4] [false true] 1" {
		t.Errorf("read %+v", s)
	}
	for text, want := range map[string]string{
		"a,b\n1,2\n":     `want a column named "label"`,
		"label\n1\n":     "and at least one more",
		"a,label\n1,2\n": "row 1 has the label 2",
		"a,label\nx,1\n": "row 1",
	} {
		if _, err := Read(write(t, "bad.csv", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPublished(t *testing.T) {
	p, err := ReadPublished(write(t, "table.csv", "dataset,PCA,KNN\nring,49.5,\nother,1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := p.Figure("ring", 0); !ok || v != 49.5 {
		t.Errorf("PCA is %v, %v", v, ok)
	}
	if _, ok := p.Figure("ring", 1); ok {
		t.Error("an empty cell is a figure")
	}
	if _, ok := p.Figure("absent", 0); ok {
		t.Error("an absent set has a figure")
	}
	for text, want := range map[string]string{
		"":                  "want a header",
		"dataset,PCA\na,x":  `line 2: "x" of PCA is no number`,
		"dataset,PCA\na,1,": "wrong number of fields",
	} {
		if _, err := ReadPublished(write(t, "bad.csv", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
