// Package train fits flows to data by maximum likelihood: it minimizes the
// mean negative log-density of minibatches with Adam (Kingma and Ba, 2015),
// clips gradients, follows a learning-rate schedule, and keeps the values of
// the epoch that did best on a validation set.
//
// [FitDensity] and [ReverseKL] learn from a density instead of data.
//
// A minibatch is cut into gradient tiles of a fixed number of events. Each
// tile runs forward and backward on one worker; the tiles' gradients are added
// in tile order. So the number of workers changes the time and not one bit of
// the result, and on the built-in matmul neither does the machine.
package train
