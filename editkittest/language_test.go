package editkittest_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/editkit/editkit-go/editkittest"
)

func TestLanguages(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	a.NextProcesses(editkittest.ByHand(), editkittest.AtOnce(), editkittest.FailAtOnce(""))
	ids := []string{a.process(), a.process(), a.process()}
	for header, want := range map[string]string{
		"":                     "Processing|Finished|Failed",
		"en":                   "Processing|Finished|Failed",
		"de":                   "In Bearbeitung|Abgeschlossen|Fehlgeschlagen",
		"es":                   "En proceso|Finalizado|Fallido",
		"fr":                   "En cours de traitement|Terminé|Échec",
		"ja":                   "処理中|完了|失敗",
		"it":                   "Processing|Finished|Failed", // known, but without texts
		"tlh":                  "Processing|Finished|Failed",
		"DE-at":                "In Bearbeitung|Abgeschlossen|Fehlgeschlagen",
		"tlh, xx;q=0.9, ja":    "処理中|完了|失敗",
		"es;q=0.1,de":          "En proceso|Finalizado|Fallido",
		"es;q=0,fr; q=0.0, de": "In Bearbeitung|Abgeschlossen|Fehlgeschlagen",
		"*":                    "Processing|Finished|Failed",
		",;,":                  "Processing|Finished|Failed",
	} {
		var labels []string
		for i, id := range ids {
			p := data(t, a.get("/processes/"+id, "Accept-Language", header))
			labels = append(labels, p["label"].(string))
			equal(t, "status", p["status"], any([]string{"in_progress", "finished", "failed"}[i]))
		}
		equal(t, header, strings.Join(labels, "|"), want)
	}
	equal(t, "OK", a.get("/processes", "Accept-Language", "de").json(t)["status"], any("OK"))
}

// Every text is there in every language, with the same places to fill in.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%.`)
	english := editkittest.Texts("en")
	equal(t, "languages", len(editkittest.TextLanguages()), 5)
	for _, language := range editkittest.TextLanguages() {
		for i, text := range editkittest.Texts(language) {
			if text == "" {
				t.Errorf("%s: %q is missing", language, english[i])
			}
			if language != "en" && text == english[i] {
				t.Errorf("%s: %q is English", language, text)
			}
			sameValue(t, language, verbs.FindAllString(english[i], -1), verbs.FindAllString(text, -1))
		}
	}
}
