// Command vae trains variational autoencoders of binary images: with a normal
// posterior and a normal prior, and with an inverse autoregressive flow as the
// posterior and a masked autoregressive one as the prior. Encoder, decoder and flows
// learn as one objective. It prints the evidence lower bound of images that it has
// not seen, and can write a sheet of images that it draws.
//
//	go run ./examples/vae
//	go run ./examples/vae -data train-images-idx3-ubyte.gz -test t10k-images-idx3-ubyte.gz -minutes 30 -out sheet.png
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/image"
)

type options struct {
	train, valid, test []float32
	side               int
	sizes              sizes
	training           train.Options
	minutes            float64 // of each training; 0 for all epochs
	draws              int     // of an image, for the bounds
	out                string
	progress           io.Writer // a line an epoch
}

// defaults are for the generated images.
func defaults() options {
	o := options{side: 8, training: train.Defaults(), draws: 50, progress: io.Discard}
	o.train, o.valid, o.test = generate(6000, o.side, 1), generate(500, o.side, 2), generate(1000, o.side, 3)
	o.sizes = sizes{latents: 4, hidden: []int{64, 64}, posterior: 3, prior: 3, flowHidden: []int{32, 32}, contextValues: 16}
	o.training.Epochs, o.training.Batch, o.training.Patience = 60, 128, 0
	return o
}

// bound is what a trained autoencoder reaches on the test images.
type bound struct{ elbo, weighted float64 }

// fit trains one and returns it with its bounds.
func (o *options) fit(w io.Writer, name string, z sizes) (*autoencoder, bound, error) {
	a, err := newAutoencoder(o.side*o.side, z)
	if err != nil {
		return nil, bound{}, err
	}
	ctx := context.Background()
	if o.minutes > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.minutes*float64(time.Minute)))
		defer cancel()
	}
	training := o.training
	training.Report = func(e train.Epoch) {
		fmt.Fprintf(o.progress, "%s: epoch %d of %d, elbo train %.3f valid %.3f, %.0f s\n", name, e.Epoch, training.Epochs, -e.TrainNLL, -e.ValidNLL, e.Seconds)
	}
	r, err := train.Minimize(ctx, a, images{a, o.train}, images{a, o.valid}, training)
	if err != nil && !(errors.Is(err, context.DeadlineExceeded) && r.BestEpoch > 0) {
		return nil, bound{}, err
	}
	var b bound
	if b.elbo, b.weighted, err = (images{a, o.test}).bounds(o.draws); err != nil {
		return nil, bound{}, err
	}
	fmt.Fprintf(w, "%s: %d parameters, best epoch %d, elbo %.3f, log_evidence of %d draws %.3f\n", name, a.parameters.Len(), r.BestEpoch, b.elbo, o.draws, b.weighted)
	return a, b, nil
}

// compare trains an autoencoder without flows, with one in the posterior, and with
// one in the prior too.
func (o *options) compare(w io.Writer) (all []bound, err error) {
	plain, iaf := o.sizes, o.sizes
	plain.posterior, plain.prior, plain.contextValues = 0, 0, 0
	iaf.prior = 0
	var last *autoencoder
	for _, c := range []struct {
		name string
		sizes
	}{{"normal posterior, normal prior", plain}, {"iaf posterior, normal prior", iaf}, {"iaf posterior, maf prior", o.sizes}} {
		a, b, err := o.fit(w, c.name, c.sizes)
		if err != nil {
			return nil, err
		}
		last, all = a, append(all, b)
	}
	if o.out == "" {
		return all, nil
	}
	drawn, err := last.sample(100, 5)
	if err != nil {
		return nil, err
	}
	for i, v := range drawn {
		drawn[i] = float64(int(v * 255))
	}
	var sheet bytes.Buffer
	if err := image.WriteSheet(&sheet, drawn, image.Size{Height: o.side, Width: o.side, Channels: 1, Levels: 256}, 10); err != nil {
		return nil, err
	}
	return all, os.WriteFile(o.out, sheet.Bytes(), 0o666)
}

func main() {
	o := defaults()
	data := flag.String("data", "", "images to learn, such as MNIST's train-images-idx3-ubyte.gz, in place of generated ones")
	test := flag.String("test", "", "images to judge by, with -data")
	flag.Float64Var(&o.minutes, "minutes", 0, "end each training after so long")
	flag.IntVar(&o.training.Epochs, "epochs", o.training.Epochs, "passes over the images")
	flag.IntVar(&o.training.Workers, "workers", 0, "goroutines that compute; 0 is every core")
	flag.StringVar(&o.out, "out", "", "sheet of drawn images to write, .png")
	flag.Parse()
	o.progress = os.Stderr
	if *data != "" {
		if err := o.read(*data, *test); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := o.compare(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// read takes images from files, and larger networks for them.
func (o *options) read(data, test string) (err error) {
	if test == "" {
		return errors.New("-data needs -test, images to judge by")
	}
	if o.train, o.side, err = read(data); err != nil {
		return err
	}
	if o.test, _, err = read(test); err != nil {
		return err
	}
	pixels := o.side * o.side
	if len(o.train)/pixels < 2000 || len(o.test)%pixels != 0 {
		return fmt.Errorf("%s has %d images, of 2000 needed, or those of %s have another size", data, len(o.train)/pixels, test)
	}
	o.valid, o.train = o.train[:1000*pixels], o.train[1000*pixels:]
	o.sizes = sizes{latents: 32, hidden: []int{300, 300}, posterior: 4, prior: 4, flowHidden: []int{128, 128}, contextValues: 64}
	return nil
}
