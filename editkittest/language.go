package editkittest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// defaultLanguage is that of all texts without a translation.
const defaultLanguage = "en"

// knownLanguages are the codes of EditingTools. Few of them have texts here.
var knownLanguages = strings.Fields("en de fr es ru it el pl pt lt ko ja zh id tr nl ro fi cs hu ar nb sk sl sv lv et bg uk da")

// languageOf returns the language that a request wants: the first of its list
// that EditingTools knows, without regard to weights other than 0.
func languageOf(header http.Header) string {
	for item := range strings.SplitSeq(strings.Join(header.Values("Accept-Language"), ","), ",") {
		tag, weight, _ := strings.Cut(item, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if slices.Contains(knownLanguages, primary) && !isZeroWeight(weight) {
			return primary
		}
	}
	return defaultLanguage
}

// isZeroWeight reports whether a weight such as "q=0.0" rules a language out.
func isZeroWeight(weight string) bool {
	number, found := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
	return found && number != "" && strings.Trim(number, "0.") == ""
}

// say returns a text in a language, or in English if it isn't translated.
func say(language string, m message, args ...any) string {
	texts, known := catalog[language]
	if !known {
		texts = catalog[defaultLanguage]
	}
	if len(args) == 0 {
		return texts[m]
	}
	return fmt.Sprintf(texts[m], args...)
}

// sayable is a text that waits for its language. As an error it speaks English.
type sayable struct {
	message message
	args    []any
}

func (s sayable) text(language string) string { return say(language, s.message, s.args...) }

func (s sayable) Error() string { return s.text(defaultLanguage) }

// inLanguage returns the text of an error, translated if it can be.
func inLanguage(err error, language string) string {
	var s sayable
	if errors.As(err, &s) {
		return s.text(language)
	}
	return err.Error()
}

// toolProblem is why EditingTools refuses a request.
type toolProblem struct {
	status int
	sayable
}

func refusal(status int, m message, args ...any) *toolProblem {
	return &toolProblem{status, sayable{m, args}}
}
