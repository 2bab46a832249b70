package editkit_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/editkit/editkit-go"
)

// TestLanguages: the 30 codes of the service's table, in its order, with their names.
func TestLanguages(t *testing.T) {
	t.Parallel()
	const table = "en English, de German, fr French, es Spanish, ru Russian, it Italian, el Greek, pl Polish, pt Portuguese, lt Lithuanian, " +
		"ko Korean, ja Japanese, zh Chinese, id Indonesian, tr Turkish, nl Dutch, ro Romanian, fi Finnish, cs Czech, hu Hungarian, " +
		"ar Arabic, nb Norwegian Bokmål, sk Slovak, sl Slovenian, sv Swedish, lv Latvian, et Estonian, bg Bulgarian, uk Ukrainian, da Danish"
	var got []string
	for _, l := range editkit.Languages() {
		got = append(got, string(l)+" "+l.Name())
		if matched := editkit.MatchLanguage(string(l)); matched != l {
			t.Errorf("MatchLanguage(%q) = %q", l, matched)
		}
	}
	if len(got) != 30 || strings.Join(got, ", ") != table {
		t.Errorf("%d languages: %s", len(got), strings.Join(got, ", "))
	}
	if name := editkit.Language("tlh").Name(); name != "tlh" {
		t.Errorf("the name of an unknown language is %q", name)
	}
	editkit.Languages()[0] = "xx"
	if editkit.Languages()[0] != editkit.English {
		t.Error("a caller can change the table")
	}
}

// TestMatchLanguage: the caller gets a language that the header asks for, whatever its
// region or script, the first of the most wanted ones, and otherwise English. Never one
// that merely is near: who asks for Armenian or Kurdish has not asked for Russian or
// Turkish, as the tables of Unicode would have it.
func TestMatchLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]editkit.Language{
		// What browsers send.
		"de-AT,de;q=0.9,en;q=0.8":                      "de",
		"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": "fr",
		"en-GB":                               "en",
		"en-US,en;q=0.9,de;q=0.8":             "en",
		"pt-BR":                               "pt",
		"pt-PT,pt;q=0.8":                      "pt",
		"es-419,es;q=0.9":                     "es",
		"zh-CN":                               "zh",
		"zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7": "zh",
		"zh-Hant":                             "zh", // the only Chinese there is, and nearer than English
		"zh-TW,en;q=0.9":                      "zh",
		"cmn-Hans":                            "zh",
		"no":                                  "nb",
		"nb":                                  "nb",
		"nn-NO":                               "nb",
		"nn,en;q=0.8":                         "nb",
		"nn-NO,nn;q=0.9,no-NO;q=0.8,no;q=0.6,nb-NO;q=0.5,en-US;q=0.3": "nb",
		"uk-UA,uk;q=0.9,ru;q=0.8":                                     "uk",
		"ru-UA":                                                       "ru",
		"ar-EG":                                                       "ar",
		"en-US-u-hc-h12":                                              "en",
		"de-DE-1996":                                                  "de",
		"DE-at":                                                       "de",
		"de_AT":                                                       "de",
		" \t de ; q=0.5 , fr ":                                        "fr",
		"sr-Latn-RS,sr;q=0.9,hr;q=0.8,sl;q=0.7,en;q=0.6": "sl", // the first known one
		"tlh,gsw;q=0.9,x-piglatin;q=0.8,sv;q=0.1":        "sv",
		"fr;q=0.2, de;q=0.20, it;q=0.3":                  "it",
		"fr;q=0.5,de;q=0.5":                              "fr", // equal: the first
		"fr;q=0.001,en;q=0":                              "fr",
		"mo":                                             "ro", // old codes
		"in-ID":                                          "id",
		"iw":                                             "en", // Hebrew, which is not offered
		"he,ar;q=0.5":                                    "ar",
		"de;q=0":                                         "en", // anything but German
		"de;q=0,fr;q=0.1":                                "fr",
		"de;q=0.000,*":                                   "en",
		"*":                                              "en",
		"*,sv;q=0.1":                                     "sv", // named goes before unnamed
		"*;q=0":                                          "en",
		"":                                               "en",
		",;,q=1,":                                        "en",
		"tlh":                                            "en",
		"sr-Latn":                                        "en",
		"sr":                                             "en",
		"und":                                            "en",
		"und-DE":                                         "en", // a region is not a language
		"und,sv;q=0.5":                                   "sv",
		"x-de":                                           "en",
		"\x00\xff":                                       "en",
		"C":                                              "en",
		"de,\xff,fr":                                     "de", // one bad entry hides no other
		"!!!,de":                                         "de",
		"xx,de":                                          "de",
		"de;q=x,fr;q=0.1":                                "fr",
		"de;q=NaN,fr;q=0.1":                              "fr",
		"de;q=-1,fr;q=0.1":                               "fr",
		"de" + strings.Repeat(",tlh", 200):               "de",
		strings.Repeat("tlh,", 100) + "de":               "de",
		strings.Repeat("de,", 1<<20):                     "en", // nobody sends that
		strings.Repeat("-", 1000):                        "en",
		"de" + strings.Repeat("-aaaaaaaa", 100):          "en",
		strings.Repeat(",", 1000) + "de":                 "de",
		"https://editingtools.io/?lang=de":               "en",
		"hy,az;q=0.9,kk;q=0.9,ku;q=0.8,mk;q=0.7,ka,mg,ht,eu,la,ug,gl ": "en",
	} {
		if got := editkit.MatchLanguage(header); got != want {
			t.Errorf("MatchLanguage(%.80q) = %q, want %q", header, got, want)
		}
	}
}

// FuzzMatchLanguage: whatever the header, the result is one of the 30.
func FuzzMatchLanguage(f *testing.F) {
	for _, s := range []string{"", "*", "de-AT,de;q=0.9,en;q=0.8", "zh-Hant-TW;q=0.5", "nn-NO", "mo", "i-klingon", "x-a", "und-DE", "de;q=NaN", "en-u-ca-buddhist", "-", ",", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := editkit.MatchLanguage(header)
		if !slices.Contains(editkit.Languages(), got) {
			t.Errorf("MatchLanguage(%q) = %q", header, got)
		}
		if got != editkit.English && len(header) < 1000 && editkit.MatchLanguage("x-a, "+header) != got {
			t.Errorf("an unknown language before %q makes it %q", header, got)
		}
	})
}

// TestAcceptLanguage: the header comes from the client, the derived client or the call,
// the nearest one wins, and EditClips, which does not translate, never gets it.
func TestAcceptLanguage(t *testing.T) {
	t.Parallel()
	var sent []string
	transport := stub(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Values("Accept-Language")
		if r.URL.Host == "editclips.online" {
			return reply(r, 200, working), nil
		}
		return reply(r, 200, envelope(200, `[{"processId":"A1"}]`)), nil
	})
	plain := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), transport)
	german := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), transport, editkit.WithLanguage(editkit.German))
	danish, err := german.With(editkit.WithLanguage(editkit.MatchLanguage("da-DK")))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		client *editkit.Client
		opts   []editkit.CallOption
		want   string
	}{
		"none":        {plain, nil, ""},
		"client":      {german, nil, "de"},
		"derived":     {danish, nil, "da"},
		"call":        {plain, []editkit.CallOption{editkit.WithLanguage("fr")}, "fr"},
		"call beats":  {danish, []editkit.CallOption{editkit.WithLanguage("fr")}, "fr"},
		"last counts": {danish, []editkit.CallOption{editkit.WithLanguage("fr"), editkit.WithLanguage("uk")}, "uk"},
	} {
		for kind, call := range map[string]func() error{
			"List": func() error { _, err := tt.client.Processes.List(t.Context(), tt.opts...); return err },
			"Run": func() error {
				_, err := tt.client.Tools.Run(t.Context(), "x", editkit.ToolParams{File: smallSource()}, tt.opts...)
				return err
			},
			"Do": func() error {
				return tt.client.Do(t.Context(), editkit.EditingTools, "GET", "/x", nil, nil, tt.opts...)
			},
		} {
			if err := call(); err != nil || strings.Join(sent, "|") != tt.want {
				t.Errorf("%s, %s: sent %q, want %q: %v", name, kind, sent, tt.want, err)
			}
		}
		if _, err := tt.client.Jobs.Get(t.Context(), "j1", tt.opts...); err != nil || sent != nil {
			t.Errorf("%s: EditClips was sent %q: %v", name, sent, err)
		}
	}
	for _, bad := range []editkit.Language{"", "-de", "de,en", "de\r\nX: y", "de;q=1", "ü"} {
		if _, err := editkit.New(editkit.WithEditingTools(toolsKey), editkit.WithLanguage(bad)); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("language %q: %v", bad, err)
		}
		sent = nil
		if _, err := plain.Processes.List(t.Context(), editkit.WithLanguage(bad)); !errors.Is(err, editkit.ErrInvalidArgument) || sent != nil {
			t.Errorf("language %q of a call: %v", bad, err)
		}
	}
}
