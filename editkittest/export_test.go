package editkittest

import "strings"

// SignEvent is what makes the signature of a webhook.
var SignEvent = sign

// Texts returns all texts of a language.
func Texts(language string) []string {
	texts := catalog[language]
	return texts[:]
}

// TextLanguages returns the languages that have texts.
func TextLanguages() []string {
	var languages []string
	for language := range catalog {
		languages = append(languages, language)
	}
	return languages
}

// ConvertText converts subtitles between "srt" and "vtt".
func ConvertText(text, from, to string, removeEmpty bool) (string, error) {
	cues, err := subtitleFormats[from].read(splitLines(text))
	if err != nil {
		return "", err
	}
	return subtitleFormats[to].write(convertCues(cues, subtitleFormats[from], subtitleFormats[to], removeEmpty)), nil
}

// SplitText is what becomes of the lines of a text.
func SplitText(text string) string { return strings.Join(splitLines(text), "|") }
