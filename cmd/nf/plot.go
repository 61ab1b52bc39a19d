package main

import (
	"image"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

var (
	blue   = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	orange = color.RGBA{R: 0xd9, G: 0x6b, B: 0x0b, A: 0xff}
)

// plotLoss draws the training and validation nll of each epoch.
func plotLoss(path string, history []train.Epoch) error {
	p := plot.New()
	p.Title.Text = "Training"
	p.X.Label.Text = "epoch"
	p.Y.Label.Text = "negative log-likelihood (nats)"
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	for _, series := range []struct {
		name  string
		color color.Color
		of    func(e train.Epoch) float64
	}{
		{"train", blue, func(e train.Epoch) float64 { return e.TrainNLL }},
		{"valid", orange, func(e train.Epoch) float64 { return e.ValidNLL }},
	} {
		var points plotter.XYs
		for _, e := range history {
			if y := series.of(e); !math.IsNaN(y) && !math.IsInf(y, 0) {
				points = append(points, plotter.XY{X: float64(e.Epoch), Y: y})
			}
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color = series.color, series.color
		line.Width = vg.Points(1.5)
		dots.Shape, dots.Radius = draw.CircleGlyph{}, vg.Points(2)
		p.Add(line, dots)
		p.Legend.Add(series.name, line, dots)
	}
	return writePlot(path, p)
}

// area is the part of the plane that pictures of two columns show.
type area struct{ left, bottom, right, top float64 }

func (a area) newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = moonColumns[0], moonColumns[1]
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = a.left, a.right, a.bottom, a.top
	return p
}

// scatter draws points, row-major x and y, as dots.
func (a area) scatter(title string, points []float64, dot color.Color) (*plot.Plot, error) {
	var inside plotter.XYs
	for i := 0; i+1 < len(points); i += 2 {
		x, y := points[i], points[i+1]
		if x >= a.left && x <= a.right && y >= a.bottom && y <= a.top {
			inside = append(inside, plotter.XY{X: x, Y: y})
		}
	}
	p := a.newPlot(title)
	dots, err := plotter.NewScatter(inside)
	if err != nil {
		return nil, err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: dot, Radius: vg.Points(0.7), Shape: draw.CircleGlyph{}}
	p.Add(dots)
	return p, nil
}

// pixels returns the centres of a picture's pixels, row-major x and y, from the
// top left.
func (a area) pixels(width, height int) []float64 {
	points := make([]float64, 0, 2*width*height)
	for j := range height {
		y := a.top - (float64(j)+0.5)*(a.top-a.bottom)/float64(height)
		for i := range width {
			points = append(points, a.left+(float64(i)+0.5)*(a.right-a.left)/float64(width), y)
		}
	}
	return points
}

// heatMap draws the values at the pixels, from 0, black, to highest, white.
func (a area) heatMap(title string, values []float64, width, height int, highest float64) (*plot.Plot, error) {
	colors := moreland.ExtendedBlackBody()
	colors.SetMin(0)
	colors.SetMax(highest)
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, v := range values {
		c, err := colors.At(min(max(v, 0), highest))
		if err != nil {
			return nil, err
		}
		picture.Set(i%width, i/width, c)
	}
	p := a.newPlot(title)
	p.Add(plotter.NewImage(picture, a.left, a.bottom, a.right, a.top))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = a.left, a.right, a.bottom, a.top
	return p, nil
}

// drawTiles writes rows of plots as a PNG, each plot of this size.
func drawTiles(path string, width, height vg.Length, rows ...[]*plot.Plot) error {
	columns := len(rows[0])
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width*vg.Length(columns), height*vg.Length(len(rows))), vgimg.UseDPI(120))}
	tiles := draw.Tiles{
		Rows: len(rows), Cols: columns,
		PadX: 6 * vg.Millimeter, PadY: 4 * vg.Millimeter, PadTop: 3 * vg.Millimeter, PadBottom: 3 * vg.Millimeter, PadLeft: 3 * vg.Millimeter, PadRight: 5 * vg.Millimeter,
	}
	for i, row := range plot.Align(rows, tiles, draw.New(canvas)) {
		for j, c := range row {
			rows[i][j].Draw(c)
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}
