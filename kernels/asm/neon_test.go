package asm

import (
	"encoding/binary"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// neonMacros gives, for every macro of neon_arm64.h, what the disassembler must
// make of it. {m} stands for the value of the argument m, {m+1} for the next.
var neonMacros = map[string]string{
	"VFADD_S4":      "FADD V{d}.4S, V{n}.4S, V{m}.4S",
	"VFSUB_S4":      "FSUB V{d}.4S, V{n}.4S, V{m}.4S",
	"VFMUL_S4":      "FMUL V{d}.4S, V{n}.4S, V{m}.4S",
	"VFDIV_S4":      "FDIV V{d}.4S, V{n}.4S, V{m}.4S",
	"VFMLA_S4":      "FMLA V{d}.4S, V{n}.4S, V{m}.4S",
	"VFMLS_S4":      "FMLS V{d}.4S, V{n}.4S, V{m}.4S",
	"VFNEG_S4":      "FNEG V{d}.4S, V{n}.4S",
	"VFSQRT_S4":     "FSQRT V{d}.4S, V{n}.4S",
	"VFRINTN_S4":    "FRINTN V{d}.4S, V{n}.4S",
	"VFADD_D2":      "FADD V{d}.2D, V{n}.2D, V{m}.2D",
	"VFMUL_D2":      "FMUL V{d}.2D, V{n}.2D, V{m}.2D",
	"VFMLA_D2":      "FMLA V{d}.2D, V{n}.2D, V{m}.2D",
	"VFMLA_LANE_S4": "FMLA V{d}.4S, V{n}.4S, V{m}.S[{i}]",
	"VFADDP_S4":     "FADDP V{d}.4S, V{n}.4S, V{m}.4S",
	"VFMIN_S4":      "FMIN V{d}.4S, V{n}.4S, V{m}.4S",
	"VFMAX_S4":      "FMAX V{d}.4S, V{n}.4S, V{m}.4S",
	"VFCMGT_S4":     "FCMGT V{d}.4S, V{n}.4S, V{m}.4S",
	"VFCMEQ0_S4":    "FCMEQ V{d}.4S, V{n}.4S, #0",
	"VFCMLE0_S4":    "FCMLE V{d}.4S, V{n}.4S, #0",
	"VFCMLT0_S4":    "FCMLT V{d}.4S, V{n}.4S, #0",
	"VSCVTF_S4":     "SCVTF V{d}.4S, V{n}.4S",
	"VUCVTF_S4":     "UCVTF V{d}.4S, V{n}.4S",
	"VADD_S4":       "ADD V{d}.4S, V{n}.4S, V{m}.4S",
	"VSUB_S4":       "SUB V{d}.4S, V{n}.4S, V{m}.4S",
	"VMUL_S4":       "MUL V{d}.4S, V{n}.4S, V{m}.4S",
	"VUQSUB_S4":     "UQSUB V{d}.4S, V{n}.4S, V{m}.4S",
	"VUMULL_S2":     "UMULL V{d}.2D, V{n}.2S, V{m}.2S",
	"VUMULL2_S4":    "UMULL2 V{d}.2D, V{n}.4S, V{m}.4S",
	"VCMHI_S4":      "CMHI V{d}.4S, V{n}.4S, V{m}.4S",
	"VCMHS_S4":      "CMHS V{d}.4S, V{n}.4S, V{m}.4S",
	"VCMEQ0_S4":     "CMEQ V{d}.4S, V{n}.4S, #0",
	"VSHL_S4":       "SHL V{d}.4S, V{n}.4S, #{s}",
	"VSSHR_S4":      "SSHR V{d}.4S, V{n}.4S, #{s}",
	"VUSHR_S4":      "USHR V{d}.4S, V{n}.4S, #{s}",
	"VAND_B16":      "AND V{d}.16B, V{n}.16B, V{m}.16B",
	"VBIC_B16":      "BIC V{d}.16B, V{n}.16B, V{m}.16B",
	"VORR_B16":      "ORR V{d}.16B, V{n}.16B, V{m}.16B",
	"VEOR_B16":      "EOR V{d}.16B, V{n}.16B, V{m}.16B",
	"VBIT_B16":      "BIT V{d}.16B, V{n}.16B, V{m}.16B",
	"VBIF_B16":      "BIF V{d}.16B, V{n}.16B, V{m}.16B",
	"VDUP_S4":       "DUP V{d}.4S, V{n}.S[{i}]",
	"VMOVS_S4":      "MOV S{d}, V{n}.S[{i}]",
	"VEXT_S4":       "EXT V{d}.16B, V{n}.16B, V{m}.16B, #{4i}",
	"VZIP1_S4":      "ZIP1 V{d}.4S, V{n}.4S, V{m}.4S",
	"VUZP1_S4":      "UZP1 V{d}.4S, V{n}.4S, V{m}.4S",
	"VUZP2_S4":      "UZP2 V{d}.4S, V{n}.4S, V{m}.4S",
	"VTBL2_B16":     "TBL V{d}.16B, {V{n}.16B, V{n+1}.16B}, V{m}.16B",
	"VLD1_2_S4":     "LD1 {V{t}.4S, V{t+1}.4S}, [X{a}]",
	"VST1_2_S4":     "ST1 {V{t}.4S, V{t+1}.4S}, [X{a}]",

	"VFABS_S4":  "FABS V{d}.4S, V{n}.4S",
	"VFCMGE_S4": "FCMGE V{d}.4S, V{n}.4S, V{m}.4S",
	"VFCMEQ_S4": "FCMEQ V{d}.4S, V{n}.4S, V{m}.4S",
}

// neonArguments are values for each argument of a macro, all different within
// a try, so that no two can be exchanged unseen.
var neonArguments = map[string][]int{
	"d": {0, 31, 16, 5, 10}, "n": {1, 30, 8, 21, 31}, "m": {2, 29, 4, 10, 0},
	"t": {0, 30, 16, 5, 10}, "a": {1, 26, 8, 20, 17},
	"i": {0, 1, 2, 3, 1}, "s": {1, 31, 23, 8, 22},
}

func TestNEONMacros(t *testing.T) {
	header, err := os.ReadFile("neon_arm64.h")
	if err != nil {
		t.Fatal(err)
	}
	define := regexp.MustCompile(`^#define (\w+)\(([a-z, ]+)\) +WORD \$\((.*)\)(?: //.*)?$`)
	seen := map[string]bool{}
	for number, line := range strings.Split(string(header), "\n") {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		parts := define.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("neon_arm64.h:%d: not of the form #define NAME(arguments) WORD $(expression): %s", number+1, line)
			continue
		}
		name, parameters, expression := parts[1], strings.Split(parts[2], ", "), parts[3]
		want, ok := neonMacros[name]
		if !ok || seen[name] {
			t.Errorf("neon_arm64.h:%d: %s has no line in neonMacros, or is defined twice", number+1, name)
			continue
		}
		seen[name] = true
		for try := range neonArguments["d"] {
			encoding, text := expression, want
			for _, p := range parameters {
				values, ok := neonArguments[p]
				if !ok {
					t.Fatalf("neon_arm64.h:%d: no values for argument %s in neonArguments", number+1, p)
				}
				v := values[try]
				encoding = strings.ReplaceAll(encoding, "("+p+")", strconv.Itoa(v))
				text = strings.NewReplacer("{"+p+"}", strconv.Itoa(v), "{"+p+"+1}", strconv.Itoa((v+1)%32), "{4"+p+"}", strconv.Itoa(4*v)).Replace(text)
			}
			if got := disassembleNEON(t, encoding); got != strings.ToUpper(text) {
				t.Errorf("neon_arm64.h:%d: %s, try %d: %s is %s, want %s", number+1, name, try, encoding, got, text)
			}
		}
	}
	for name := range neonMacros {
		if !seen[name] {
			t.Errorf("neonMacros has %s, which neon_arm64.h does not define", name)
		}
	}
}

// disassembleNEON returns the instruction whose encoding is the value of a
// constant expression; the operators bind alike in Go and in its assembler.
func disassembleNEON(t *testing.T, expression string) string {
	t.Helper()
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	word, ok := constant.Uint64Val(constant.ToInt(value.Value))
	if !ok || word > 1<<32-1 {
		t.Fatalf("%s is not a word", expression)
	}
	instruction, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, uint32(word)))
	if err != nil {
		return err.Error()
	}
	return strings.ToUpper(instruction.String())
}

// TestEncodingsStandInHeader makes sure that no kernel has an encoding of its
// own, which the test above would not see.
func TestEncodingsStandInHeader(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.s", "*.h"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	if len(files) < 2 {
		t.Fatalf("found only %d files of assembly", len(files))
	}
	encoding := regexp.MustCompile(`\b(WORD|LONG|BYTE)\s+\$`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "neon_arm64.h" && encoding.Match(text) {
			t.Errorf("%s has an encoding as a number; define it in neon_arm64.h", name)
		}
	}
}
