package editkit

// The languages of the translator, for [TranslateParams]. Any other text is sent as it is.
// They are not those of the service's own texts, see [Language]: Slovenian and Arabic are
// missing. Source: editingtools.io/api/v2/translate.
const (
	LangAuto = "AUTO" // finds out the language of a source; no target

	LangBulgarian       = "BG"
	LangChinese         = "ZH"
	LangCzech           = "CS"
	LangDanish          = "DA"
	LangDutch           = "NL"
	LangEnglish         = "EN"
	LangEstonian        = "ET"
	LangFinnish         = "FI"
	LangFrench          = "FR"
	LangGerman          = "DE"
	LangGreek           = "EL"
	LangHungarian       = "HU"
	LangIndonesian      = "ID"
	LangItalian         = "IT"
	LangJapanese        = "JA"
	LangKorean          = "KO"
	LangLatvian         = "LV"
	LangLithuanian      = "LT"
	LangNorwegianBokmal = "NB"
	LangPolish          = "PL"
	LangPortuguese      = "PT" // a source only: targets are one of the two below
	LangRomanian        = "RO"
	LangRussian         = "RU"
	LangSlovak          = "SK"
	LangSpanish         = "ES"
	LangSwedish         = "SV"
	LangTurkish         = "TR"
	LangUkrainian       = "UK"

	LangEnglishBritish     = "EN-GB" // a target only, as are the following
	LangEnglishAmerican    = "EN-US"
	LangPortugueseEuropean = "PT-PT"
	LangPortugueseBrazil   = "PT-BR"
)

// The formats of [ALEParams] and [EDLParams]; ALE has html, EDL has pdf. Source:
// editingtools.io/api/v2/ale and /api/v2/edl.
const (
	FormatALE          = "ale"
	FormatEDL          = "edl"
	FormatCSV          = "csv"  // with commas
	FormatCSVSemicolon = "csv2" // with semicolons
	FormatXLS          = "xls"
	FormatXLSX         = "xlsx"
	FormatODS          = "ods"
	FormatHTML         = "html"
	FormatPDF          = "pdf"
)

// The frame rates of [EDLParams] that are no plain number; those from "8" to "90" are
// good as well. Source: editingtools.io/api/v2/edl.
const (
	Framerate23976  = "23.976"
	Framerate2997DF = "29.97DF"
	Framerate5994   = "59.94"
	Framerate5994DF = "59.94DF"
)

// The values of [LiveNotesProjectParams]. Source: editingtools.io/api/v2/livenotes.
const (
	LiveNotesLive   = "live"   // live timecode, the time of day
	LiveNotesCustom = "custom" // timecode by hand

	LiveNotesBlue     = "blue"
	LiveNotesCyan     = "cyan"
	LiveNotesFuchsia  = "fuchsia"
	LiveNotesGreen    = "green"
	LiveNotesLavender = "lavender"
	LiveNotesLemon    = "lemon"
	LiveNotesMint     = "mint"
	LiveNotesOrange   = "orange"
	LiveNotesPink     = "pink"
	LiveNotesPurple   = "purple"
	LiveNotesRed      = "red"
	LiveNotesSky      = "sky"
	LiveNotesYellow   = "yellow"
	LiveNotesWhite    = "white"
)
