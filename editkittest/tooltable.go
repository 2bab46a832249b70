package editkittest

import (
	"slices"
	"strconv"
	"strings"
)

// tool is one of the tools that take a file, with what is documented about it.
type tool struct {
	name       string   // and path
	async      bool     // it answers with a process, otherwise with its result
	notifies   bool     // webhooks are told of the end of its processes
	extensions []string // of files that it takes, lower case with a dot; empty: all
	fields     []field
}

// field is a parameter of a tool.
type field struct {
	name     string
	required bool
	allows   func(value string) bool
}

// The fields that are common to several tools. Where the documentation calls a
// field required and gives a default, it may be missing.
var (
	fieldFramerate = field{name: "framerate", allows: isFramerate}
	fieldBase64    = field{name: "base64", allows: isBool}
)

// tools are those that the emulator has. The paths of loudness and stills are
// unverified: the documentation only names these tools. Where it doesn't tell the
// values of a parameter, all are allowed.
var tools = []tool{
	{
		name: "translate", async: true, notifies: true,
		extensions: []string{".srt", ".vtt", ".sbv", ".csv", ".txt"},
		fields: []field{
			{name: "sourceLang", required: true, allows: oneOf(sourceLanguages)},
			{name: "targetLang", required: true, allows: oneOf(targetLanguages)},
			{name: "translationMode", required: true, allows: oneOf("0 1")},
			{name: "formality", allows: oneOf("default formal informal")},
			{name: "checkPrice", allows: isBool},
			{name: "notification", allows: isBool},
		},
	},
	{
		name: "cutdetection", async: true, notifies: true,
		fields: []field{
			{name: "algorithm", allows: isText},
			{name: "subclips", allows: oneOf("0 1")},
			{name: "notification", allows: isBool},
		},
	},
	{name: "loudness", async: true, notifies: true},
	{name: "stills", async: true, notifies: true},
	{
		name:       "ale",
		extensions: []string{".ale", ".csv"},
		fields: append([]field{
			{name: "format", required: true, allows: oneOf("ale csv csv2 xls xlsx html ods")},
			fieldBase64,
		}, switches("swapNames renameSourceFilePath removeAsc removeFrameRange joinTrkColumns removeProblematicChars")...),
	},
	{
		name:       "edl",
		extensions: []string{".edl", ".xml", ".fcpxml", ".csv"},
		fields: append([]field{
			{name: "format", required: true, allows: oneOf("edl csv csv2 pdf xls xlsx ods")},
			fieldFramerate,
			fieldBase64,
			{name: "useLongReelNames", allows: oneOf("0 1 false true")}, // an Int that is to be "true"
		}, switches("ignoreAudio orderClipsByName reverse mergeSameSource useLocatorName")...),
	},
	{
		name: "subtitles",
		fields: []field{
			{name: "source", required: true, allows: isText},
			{name: "format", required: true, allows: isText},
			fieldFramerate,
			fieldBase64,
			{name: "removeEmpty", allows: isBool},
		},
	},
	{
		name:       "remove-borders",
		extensions: []string{".jpg", ".jpeg", ".png"},
		fields: []field{
			{name: "range", allows: isBorderRange},
			{name: "removeLetterbox", allows: isBool},
			{name: "removePillarbox", allows: isBool},
			fieldBase64,
		},
	},
	{
		name:       "cuesheet",
		extensions: []string{".edl", ".xml", ".fcpxml", ".txt", ".csv"},
		fields:     []field{fieldFramerate},
	},
}

// The languages of the translator. English without a country is both, Portuguese
// without one is a source only.
const (
	sourceLanguages = "AUTO BG ZH CS DA NL EN ET FI FR DE EL HU ID IT JA KO LV LT NB PL PT RO RU SK SV ES TR UK"
	targetLanguages = "BG ZH CS DA NL EN-GB EN-US EN ET FI FR DE EL HU ID IT JA KO LV LT NB PL PT-PT PT-BR RO RU SK SV ES TR UK"
)

// findTool returns the tool with this name, or nil.
func findTool(name string) *tool {
	for i := range tools {
		if tools[i].name == name {
			return &tools[i]
		}
	}
	return nil
}

// switches returns optional fields that are true or false.
func switches(names string) []field {
	var fields []field
	for name := range strings.FieldsSeq(names) {
		fields = append(fields, field{name: name, allows: isBool})
	}
	return fields
}

// oneOf allows the listed values, written exactly like that.
func oneOf(values string) func(string) bool {
	allowed := strings.Fields(values)
	return func(value string) bool { return slices.Contains(allowed, value) }
}

func isBool(value string) bool { return value == "true" || value == "false" }

func isText(value string) bool { return strings.TrimSpace(value) != "" }

// isFramerate allows the integers from 8 to 90 and the listed fractions.
func isFramerate(value string) bool {
	switch value {
	case "23.976", "59.94", "29.97DF", "59.94DF":
		return true
	}
	return isInteger(value, 8, 90)
}

func isBorderRange(value string) bool { return isInteger(value, 0, 10) }

func isInteger(value string, lowest, highest int) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= lowest && n <= highest && strconv.Itoa(n) == value
}
