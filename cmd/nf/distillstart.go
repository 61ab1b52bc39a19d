package main

import (
	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
)

// The defaults of a distillation of sound, where they are others than those for
// rows.
const (
	soundSteps      = 100
	soundMeasured   = 32
	soundValidation = 32
)

// checkStudentOfSound finds what is wrong with the flags of a student of sound, and
// puts its defaults.
func (o *distillOptions) checkStudentOfSound(command *cobra.Command) error {
	changed := command.Flags().Changed
	if flow.SoundPreset(o.flow) != flow.PresetWaveNetIAF {
		return usage("--flow %s draws sample by sample; a student is --flow %s", o.flow, flow.PresetWaveNetIAF)
	}
	if changed("likelihood-epochs") && o.distill.Likelihood != 0 {
		return usage("--likelihood-epochs is %d; a student of sound, whose own density goes sample by sample, has 0", o.distill.Likelihood)
	}
	if changed("coverage") && o.distill.Coverage != 0 {
		return usage("--coverage is %v; a student of sound, whose own density goes sample by sample, has 0", o.distill.Coverage)
	}
	o.distill.Coverage = 0
	for _, flag := range []struct {
		name  string
		value *int
		usual int
	}{{"steps", &o.distill.Steps, soundSteps}, {"batch", &o.fit.Batch, soundBatch}, {"measure", &o.distill.Measured, soundMeasured}} {
		if !changed(flag.name) {
			*flag.value = flag.usual
		}
	}
	if !changed("clip") {
		o.fit.Clip = soundClip
	}
	o.distill.Likelihood, o.distill.Validation = 0, soundValidation
	switch {
	case changed("length") && o.sound.model.Length < 2:
		return usage("--length is %d; it must be at least 2", o.sound.model.Length)
	case changed("components"):
		return usage("--components is for mixtures, and the samples of a student are normal given the noise before")
	case o.distill.Draws < 0 || o.distill.Draws > 1<<16 || o.distill.Draws%2 == 1 || changed("draws") && o.distill.Draws == 0:
		return usage("--draws is %d; it must be an even number of 2 to %d", o.distill.Draws, 1<<16)
	case !(o.distill.Power.Weight >= 0 && o.distill.Power.Weight <= 1e9):
		return usage("--power is %v; it must be 0 to 1e9", o.distill.Power.Weight)
	case changed("frame") && (o.distill.Power.Frame < 2 || o.distill.Power.Frame%2 == 1):
		return usage("--frame is %d; it must be an even number of at least 2", o.distill.Power.Frame)
	case changed("frame") && o.distill.Power.Weight == 0:
		return usage("--frame is of --power, which is not given")
	}
	return o.checkNetwork(command)
}

// made says what decides the student, but for how far it came.
func (o *distillOptions) made() distillProvenance {
	d, m := &o.distill, &o.sound.model
	return distillProvenance{
		Teacher: o.teacherSHA256, Contexts: o.contextsSHA256, Seed: o.fit.Seed, BLAS: o.fit.BLAS.Name(),
		Options: studentOptions{
			trainProvenance: o.describe(), LikelihoodEpochs: d.Likelihood, Coverage: d.Coverage, Steps: d.Steps, Length: m.Length, Blocks: m.Blocks,
			Stacks: m.Stacks, Width: o.images.model.Columns, Draws: d.Draws, Power: d.Power.Weight, Frame: d.Power.Frame,
		},
	}
}
