package anomaly

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
)

// Published is a table of other detectors' figures: AUROC in percent.
type Published struct {
	Detectors []string
	sets      map[string][]string
}

// ReadPublished reads a CSV file whose first column names the sets and whose
// header names the detectors. An empty cell means that there is no figure.
func ReadPublished(path string) (*Published, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(lines) == 0 || len(lines[0]) < 2 {
		return nil, fmt.Errorf("%s: want a header of the set's column and the detectors' names", path)
	}
	p := &Published{Detectors: lines[0][1:], sets: map[string][]string{}}
	for i, line := range lines[1:] {
		for c, cell := range line[1:] {
			if _, err := strconv.ParseFloat(cell, 64); cell != "" && err != nil {
				return nil, fmt.Errorf("%s: line %d: %q of %s is no number", path, i+2, cell, p.Detectors[c])
			}
		}
		p.sets[line[0]] = line[1:]
	}
	return p, nil
}

// Figure returns a detector's figure of a set, if there is one.
func (p *Published) Figure(set string, detector int) (float64, bool) {
	cells, ok := p.sets[set]
	if !ok || cells[detector] == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(cells[detector], 64)
	return v, err == nil
}
