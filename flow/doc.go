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
// # The same bits
//
// On the built-in matmul a row's log-density, its latent and a sample are the
// same bits on every CPU, tier, batch size and number of workers. With
// OpenBLAS linked (-tags openblas) and not declined, matmuls go through
// OpenBLAS, whose results depend on the machine; the number of workers still
// changes nothing.
package flow
