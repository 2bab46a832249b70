package editkittest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/url"
	"path"
	"strings"
)

// sampleSize is the size of what SampleOutput returns.
const sampleSize = 16 << 10

// PassThrough returns the default engine, which is deterministic and does no
// real work: the bytes of a job's first input are its output.
//
// If [AllowInputHosts] names hosts, the input is fetched from there, and the job
// fails if its host is not among them. If it names none, nothing is fetched, and
// the output is that of [SampleOutput].
//
// The output has the base name of the input, with the extension .mp4 for the
// tools anything-to-mp4 and compress-video; "output.mp4" if it has none.
func PassThrough() Engine { return passThrough{} }

type passThrough struct{}

func (passThrough) Process(ctx context.Context, task Task) (Output, error) {
	if len(task.Inputs) == 0 {
		return Output{}, errors.New("the job has no input")
	}
	input := task.Inputs[0]
	name := outputName(input, task.Tool)
	file, err := task.Fetch(ctx, input)
	if errors.Is(err, errNoHostsAllowed) {
		return Output{Filename: name, Data: SampleOutput(input, task.Tool), Note: "sample bytes, derived from the URL"}, nil
	}
	if err != nil {
		return Output{}, err
	}
	return Output{Filename: name, Path: file, Note: "the input's bytes, passed through"}, nil
}

// SampleOutput returns what [PassThrough] gives for an input when no input hosts
// are allowed: 16 KiB that depend on the input's URL and the tool only.
func SampleOutput(url, tool string) []byte {
	seed := sha256.Sum256([]byte(tool + "\x00" + url))
	sample := make([]byte, 0, sampleSize+sha256.Size)
	for block := uint64(0); len(sample) < sampleSize; block++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(seed[:], block))
		sample = append(sample, sum[:]...)
	}
	return sample[:sampleSize]
}

// outputName derives the name of an output from the URL of the input.
func outputName(input, tool string) string {
	base := ""
	if u, err := url.Parse(input); err == nil {
		base = path.Base(u.Path)
	}
	if base == "" || base == "." || base == ".." || base == "/" {
		return "output.mp4"
	}
	switch tool {
	case toolToMP4, toolCompress:
		return strings.TrimSuffix(base, path.Ext(base)) + ".mp4"
	}
	return base
}

// The tools that the emulator knows by name.
const (
	toolToMP4    = "anything-to-mp4"
	toolCompress = "compress-video"
)
