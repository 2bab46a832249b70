package editkittest

import (
	"context"
	"strconv"
	"strings"
)

// BuiltinTools returns the default engine for the tools of EditingTools, which
// needs nothing to be installed:
//
//   - remove-borders really crops PNG and JPEG images. How the live service
//     understands its range, which it calls pixels, is unknown; here it is how far
//     each channel of a pixel may differ from the corner of the border.
//   - subtitles really converts between SRT and WebVTT, for the values "srt", "vtt"
//     and "webvtt" of source and format. The values of the live service are
//     unknown.
//   - For all others, the bytes of the uploaded file come back under its name, and
//     Output.Note says so.
//
// The same file always gives the same result.
func BuiltinTools() Engine { return builtinTools{} }

type builtinTools struct{}

func (builtinTools) Process(ctx context.Context, task Task) (Output, error) {
	name := task.Inputs[0]
	file, err := task.Fetch(ctx, name)
	if err != nil {
		return Output{}, err
	}
	switch task.Tool {
	case "remove-borders":
		return removeBorders(file, name, task.Options)
	case "subtitles":
		source, _ := task.Options["source"].(string)
		format, _ := task.Options["format"].(string)
		if from, to := subtitleFormats[strings.ToLower(source)], subtitleFormats[strings.ToLower(format)]; from != nil && to != nil {
			return convertSubtitles(file, name, from, to, task.Options["removeEmpty"] == "true")
		}
	}
	return Output{Filename: name, Path: file, Note: "the file's bytes, passed through: " + strconv.Quote(task.Tool) + " does no work here"}, nil
}
