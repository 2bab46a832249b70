package editkit

import (
	"strings"

	"golang.org/x/text/language"
)

// Language is a language that EditingTools.io can answer in, by its code. Only the
// texts for people change (labels and messages, and not all of them); statuses and codes
// stay as they are, so that a program never depends on a translation.
// Source: editingtools.io/api/v2/webhooks, "Localization and Languages".
type Language string

// The languages of the service. English is what it answers without a choice, and where
// a translation is missing.
const (
	English         Language = "en"
	German          Language = "de"
	French          Language = "fr"
	Spanish         Language = "es"
	Russian         Language = "ru"
	Italian         Language = "it"
	Greek           Language = "el"
	Polish          Language = "pl"
	Portuguese      Language = "pt"
	Lithuanian      Language = "lt"
	Korean          Language = "ko"
	Japanese        Language = "ja"
	Chinese         Language = "zh"
	Indonesian      Language = "id"
	Turkish         Language = "tr"
	Dutch           Language = "nl"
	Romanian        Language = "ro"
	Finnish         Language = "fi"
	Czech           Language = "cs"
	Hungarian       Language = "hu"
	Arabic          Language = "ar"
	NorwegianBokmal Language = "nb"
	Slovak          Language = "sk"
	Slovenian       Language = "sl"
	Swedish         Language = "sv"
	Latvian         Language = "lv"
	Estonian        Language = "et"
	Bulgarian       Language = "bg"
	Ukrainian       Language = "uk"
	Danish          Language = "da"
)

// languages are the codes in the order of the service's table, with their English names.
var languages = []struct {
	code Language
	name string
}{
	{English, "English"}, {German, "German"}, {French, "French"}, {Spanish, "Spanish"}, {Russian, "Russian"},
	{Italian, "Italian"}, {Greek, "Greek"}, {Polish, "Polish"}, {Portuguese, "Portuguese"}, {Lithuanian, "Lithuanian"},
	{Korean, "Korean"}, {Japanese, "Japanese"}, {Chinese, "Chinese"}, {Indonesian, "Indonesian"}, {Turkish, "Turkish"},
	{Dutch, "Dutch"}, {Romanian, "Romanian"}, {Finnish, "Finnish"}, {Czech, "Czech"}, {Hungarian, "Hungarian"},
	{Arabic, "Arabic"}, {NorwegianBokmal, "Norwegian Bokmål"}, {Slovak, "Slovak"}, {Slovenian, "Slovenian"}, {Swedish, "Swedish"},
	{Latvian, "Latvian"}, {Estonian, "Estonian"}, {Bulgarian, "Bulgarian"}, {Ukrainian, "Ukrainian"}, {Danish, "Danish"},
}

// Languages returns the codes of the service, in the order of its table.
func Languages() []Language {
	codes := make([]Language, len(languages))
	for i, l := range languages {
		codes[i] = l.code
	}
	return codes
}

// Name returns the English name of the language, or the code itself if the service
// does not know it.
func (l Language) Name() string {
	if name, known := l.lookup(); known {
		return name
	}
	return string(l)
}

func (l Language) lookup() (name string, known bool) {
	for _, one := range languages {
		if one.code == l {
			return one.name, true
		}
	}
	return "", false
}

// maxAcceptLanguage is longer than what any browser sends.
const maxAcceptLanguage = 1 << 10

// MatchLanguage returns the language of the service that the value of an Accept-Language
// header prefers, as a browser sends it ("de-AT,de;q=0.9,en;q=0.8"): regions and scripts
// are looked through, and "no" and "nn" are "nb". A language that the service does not
// have is passed over, however near another one may be, as is what can't be read. If
// nothing is left, it is English.
func MatchLanguage(acceptLanguage string) Language {
	if len(acceptLanguage) > maxAcceptLanguage {
		return English
	}
	best, most := English, float32(0)
	for entry := range strings.SplitSeq(acceptLanguage, ",") {
		tags, weights, err := language.ParseAcceptLanguage(entry)
		if err != nil || len(tags) != 1 { // a weight of 0 leaves no tag
			continue
		}
		if l, ok := offered(tags[0]); ok && weights[0] > most {
			best, most = l, weights[0]
		}
	}
	return best
}

// offered returns the service's language for a tag. The matcher of x/text is not asked,
// since it goes too far: Armenian gets Russian there, and Nynorsk before English gets
// English.
func offered(tag language.Tag) (Language, bool) {
	base, confidence := tag.Base()
	if confidence != language.Exact { // a guess from the region or the script
		return "", false
	}
	switch code := base.String(); code {
	case "no", "nn":
		return NorwegianBokmal, true
	case "cmn":
		return Chinese, true
	default:
		_, known := Language(code).lookup()
		return Language(code), known
	}
}

func (l Language) validate() error {
	if !isToken(string(l)) || strings.HasPrefix(string(l), "-") {
		return &ArgError{"language", "not a language code"}
	}
	return nil
}
