// Package flow is normalizing flows: models with an exact density that train
// by maximum likelihood, score rows and draw new ones.
//
// A [Flow] is a chain of invertible maps from data x to noise z and a base
// density of the noise:
//
//	log p(x) = log p_base(z(x)) + log|det dz/dx|
//
// (Tabak and Turner, 2013; Rezende and Mohamed, 2015). Its first stage,
// standardization (x − mean)/std of each column, is computed in float64;
// everything after it in float32. A [Config] describes a flow as plain data;
// presets such as [RealNVP] make one. [New] builds a flow with initial values,
// package train fits it, [Flow.Save] and [Load] keep it in a documented file.
//
// Rows are float64, row-major, without gaps: n rows of D features are n·D
// values. Log-densities are in nats and may be positive: they are densities,
// not probabilities.
//
// # Far outside
//
// No result is silently NaN. A row of numbers has a log-density that is a number
// or −Inf: it is −Inf where the row is so far from what the flow was trained on
// that float32 cannot hold the row, once standardized, or what the networks make
// of it. Such a row sorts below every other, and so does one of ±Inf.
//
//   - [Scorer.Forward] gives it a log-det of −Inf, and +Inf for each value of the
//     noise that would be Inf − Inf.
//   - [Scorer.Inverse] gives noise whose data float32 cannot hold +Inf for each
//     such value, and for the log-det, whose negative counts in the density.
//     [Scorer.Sample] does the same, with a log-density of −Inf.
//   - [Scorer.LogProbGrad] gives zeros for a gradient, with respect to a row or to
//     its context, where the log-density was not computable or the gradient has a
//     NaN: a sampler that follows it goes straight on and rejects.
//   - A context that float32 cannot hold once standardized, or a noise that it
//     cannot hold, is a [RangeError]: there is nothing to be computed of them.
//
// NaN itself stays NaN: a row, noise or context with one has NaN for results.
//
// # The same bits
//
// On the built-in matmul a row's log-density, its latent and a sample are the
// same bits on every CPU, tier, batch size and number of workers. With
// OpenBLAS linked (-tags openblas) and not declined, matmuls go through
// OpenBLAS, whose results depend on the machine; the number of workers still
// changes nothing.
package flow
