package editkit

import (
	"context"
	"net/http"
	"net/url"
)

// Ptr returns a pointer to v, for the fields of parameters whose absence means something
// else than their zero value: Ptr(false).
func Ptr[T any](v T) *T { return &v }

// TranslationMode says how much the translator looks at together.
type TranslationMode string

// The modes of the translator. Without a choice it is AcrossSubtitles.
const (
	AcrossSubtitles TranslationMode = "1" // sentences may go over several subtitles; recommended
	EachSubtitle    TranslationMode = "0" // each by itself, for lyrics and the like
)

// Formality is the form of address of a translation. The service minds it only for
// Dutch, French, German, Italian, Japanese, Polish, Portuguese, Russian and Spanish.
type Formality string

// The formalities of the translator.
const (
	FormalityDefault  Formality = "default"
	FormalityFormal   Formality = "formal"
	FormalityInformal Formality = "informal"
)

// TranslateParams are the parameters of [ToolsService.Translate]. File, SourceLang and
// TargetLang are required. Source: editingtools.io/api/v2/translate.
type TranslateParams struct {
	File       Source          `url:"-"`          // .srt, .vtt, .sbv, .csv or .txt
	SourceLang string          `url:"sourceLang"` // [LangAuto] or a language of the translator
	TargetLang string          `url:"targetLang"` // such as [LangGerman]
	Mode       TranslationMode `url:"translationMode"`
	Formality  Formality       `url:"formality,omitempty"`
	// CheckPrice asks only for the price in AI Credits and starts nothing. Where in
	// ToolRun.Data the price is, is not documented.
	CheckPrice   bool       `url:"checkPrice,omitempty"`
	Notification bool       `url:"notification,omitempty"` // an e-mail at the end (inferred)
	Extra        url.Values `url:"-"`                      // further fields
}

// Translate starts the subtitle translator: POST /translate. It makes a process, and
// costs AI Credits.
func (s *ToolsService) Translate(ctx context.Context, p TranslateParams, opts ...CallOption) (*ToolRun, error) {
	if p.SourceLang == "" {
		return nil, &ArgError{"SourceLang", "empty: " + LangAuto + " finds it out"}
	}
	if p.TargetLang == "" {
		return nil, &ArgError{"TargetLang", "empty"}
	}
	p.Mode = orDefault(p.Mode, AcrossSubtitles)
	return s.start(ctx, "translate", p.File, p.Extra, p, opts)
}

// CutDetectionParams are the parameters of [ToolsService.CutDetection]. File is required.
// Source: editingtools.io/api/v2/cutdetection.
type CutDetectionParams struct {
	File      Source `url:"-"`
	Algorithm string `url:"algorithm,omitempty"` // the values are not known
	// Subclips also renders each scene as an MP4 file. It is the one field that the
	// service spells 0 and 1.
	Subclips     bool       `url:"subclips,int,omitempty"`
	Notification bool       `url:"notification,omitempty"` // an e-mail at the end
	Extra        url.Values `url:"-"`                      // further fields
}

// CutDetection starts the scene cut detection: POST /cutdetection. It makes a process.
func (s *ToolsService) CutDetection(ctx context.Context, p CutDetectionParams, opts ...CallOption) (*ToolRun, error) {
	return s.start(ctx, "cutdetection", p.File, p.Extra, p, opts)
}

// SubtitlesParams are the parameters of [ToolsService.Subtitles]. File, From and To are
// required. Source: editingtools.io/api/v2/subtitles.
type SubtitlesParams struct {
	File Source `url:"-"`
	// From and To are formats, such as "srt" and "vtt"; their spellings are not documented
	// (unverified).
	From        string     `url:"source"`
	To          string     `url:"format"`
	Framerate   string     `url:"framerate,omitempty"`   // 25 if absent
	Base64      bool       `url:"base64,omitempty"`      // the result in ToolRun.Content
	RemoveEmpty *bool      `url:"removeEmpty,omitempty"` // drop subtitles without text; true is recommended
	Extra       url.Values `url:"-"`                     // further fields
}

// Subtitles converts subtitles: POST /subtitles.
func (s *ToolsService) Subtitles(ctx context.Context, p SubtitlesParams, opts ...CallOption) (*ToolRun, error) {
	if p.From == "" {
		return nil, &ArgError{"From", "empty"}
	}
	if p.To == "" {
		return nil, &ArgError{"To", "empty"}
	}
	return s.start(ctx, "subtitles", p.File, p.Extra, p, opts)
}

// ALEParams are the parameters of [ToolsService.ALE]. File and Format are required.
// Source: editingtools.io/api/v2/ale.
type ALEParams struct {
	File                   Source     `url:"-"` // .ale or .csv
	Format                 string     `url:"format"`
	Base64                 bool       `url:"base64,omitempty"` // the result in ToolRun.Content
	SwapNames              bool       `url:"swapNames,omitempty"`
	RenameSourceFilePath   bool       `url:"renameSourceFilePath,omitempty"`
	RemoveASC              bool       `url:"removeAsc,omitempty"`
	RemoveFrameRange       bool       `url:"removeFrameRange,omitempty"`
	JoinTRKColumns         bool       `url:"joinTrkColumns,omitempty"`
	RemoveProblematicChars bool       `url:"removeProblematicChars,omitempty"`
	Extra                  url.Values `url:"-"` // further fields
}

// ALE converts Avid log exchange files: POST /ale.
func (s *ToolsService) ALE(ctx context.Context, p ALEParams, opts ...CallOption) (*ToolRun, error) {
	if p.Format == "" {
		return nil, &ArgError{"Format", "empty"}
	}
	return s.start(ctx, "ale", p.File, p.Extra, p, opts)
}

// EDLParams are the parameters of [ToolsService.EDL]. File and Format are required.
// Source: editingtools.io/api/v2/edl.
type EDLParams struct {
	File      Source `url:"-"` // .edl, .xml or .fcpxml
	Format    string `url:"format"`
	Framerate string `url:"framerate,omitempty"` // "25" if absent
	Base64    bool   `url:"base64,omitempty"`    // the result in ToolRun.Content
	// UseLongReelNames is recommended to be true; its default is not known.
	UseLongReelNames *bool      `url:"useLongReelNames,omitempty"`
	IgnoreAudio      bool       `url:"ignoreAudio,omitempty"`
	OrderClipsByName bool       `url:"orderClipsByName,omitempty"`
	Reverse          bool       `url:"reverse,omitempty"`
	MergeSameSource  bool       `url:"mergeSameSource,omitempty"`
	UseLocatorName   bool       `url:"useLocatorName,omitempty"`
	Extra            url.Values `url:"-"` // further fields
}

// EDL converts edit decision lists: POST /edl.
func (s *ToolsService) EDL(ctx context.Context, p EDLParams, opts ...CallOption) (*ToolRun, error) {
	if p.Format == "" {
		return nil, &ArgError{"Format", "empty"}
	}
	return s.start(ctx, "edl", p.File, p.Extra, p, opts)
}

// RemoveBordersParams are the parameters of [ToolsService.RemoveBorders]. File is
// required. Source: editingtools.io/api/v2/remove-borders.
type RemoveBordersParams struct {
	File Source `url:"-"` // JPEG or PNG
	// Range is the tolerance, 0 to 10; 5 if absent, and 0 only for uncompressed images.
	Range           *int       `url:"range,omitempty"`
	RemoveLetterbox *bool      `url:"removeLetterbox,omitempty"` // top and bottom; true if absent
	RemovePillarbox *bool      `url:"removePillarbox,omitempty"` // left and right; true if absent
	Base64          bool       `url:"base64,omitempty"`          // the result in ToolRun.Content
	Extra           url.Values `url:"-"`                         // further fields
}

// RemoveBorders crops the black borders of an image: POST /remove-borders.
func (s *ToolsService) RemoveBorders(ctx context.Context, p RemoveBordersParams, opts ...CallOption) (*ToolRun, error) {
	if p.Range != nil && (*p.Range < 0 || *p.Range > 10) {
		return nil, &ArgError{"Range", "it must be 0 to 10"}
	}
	return s.start(ctx, "remove-borders", p.File, p.Extra, p, opts)
}

// CueSheetParams are the parameters of [ToolsService.CueSheet]. File is required.
// Source: editingtools.io/api/v2/cuesheets.
type CueSheetParams struct {
	File      Source     `url:"-"`                   // .edl, .xml, .fcpxml, .txt or .csv; no .aaf
	Framerate string     `url:"framerate,omitempty"` // "25" if absent
	Extra     url.Values `url:"-"`                   // further fields: the names of the others are not known
}

// CueSheet converts to a music cue sheet: POST /cuesheet.
func (s *ToolsService) CueSheet(ctx context.Context, p CueSheetParams, opts ...CallOption) (*ToolRun, error) {
	return s.start(ctx, "cuesheet", p.File, p.Extra, p, opts)
}

// LiveNotesProjectParams are the parameters of [ToolsService.LiveNotesProject]. Name is
// required. Source: editingtools.io/api/v2/livenotes.
type LiveNotesProjectParams struct {
	Name        string // 3 to 50 characters
	Color       string // [LiveNotesPink] if absent
	Framerate   string // "25" if absent
	Type        string // [LiveNotesLive] if absent, or [LiveNotesCustom]
	Location    string
	ShootingDay string
	LoggerName  string         // who makes the project
	IsArchived  *bool          // its default is not known
	Extra       map[string]any // further fields
}

type liveNotesRequest struct {
	Name        string `json:"name"`
	Color       string `json:"color,omitzero"`
	Framerate   string `json:"framerate,omitzero"`
	Type        string `json:"type,omitzero"`
	Location    string `json:"location,omitzero"`
	ShootingDay string `json:"shootingDay,omitzero"`
	LoggerName  string `json:"loggerName,omitzero"`
	IsArchived  *bool  `json:"isArchived,omitzero"`
}

// LiveNotesProject creates a project of Live Timecode Notes: POST /livenotes/project, the
// one call that takes JSON and no file.
func (s *ToolsService) LiveNotesProject(ctx context.Context, p LiveNotesProjectParams, opts ...CallOption) (*ToolRun, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	if n := len([]rune(p.Name)); n < 3 || n > 50 {
		return nil, &ArgError{"Name", "it must have 3 to 50 characters"}
	}
	body, err := encodeJSON("params", liveNotesRequest{
		p.Name, p.Color, p.Framerate, p.Type, p.Location, p.ShootingDay, p.LoggerName, p.IsArchived,
	})
	if err == nil && len(p.Extra) > 0 {
		body, err = addFields(body, p.Extra)
	}
	if err != nil {
		return nil, err
	}
	return fetch(ctx, s.client, ep, &operation{
		name:   "POST /livenotes/project",
		method: http.MethodPost,
		path:   "/livenotes/project",
		body:   body,
	}, opts, decodeToolRun)
}
