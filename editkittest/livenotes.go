package editkittest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// projectPath is where projects of the Live Timecode Notes are created: the one
// endpoint that takes JSON.
const projectPath = "/livenotes/project"

// projectParams is the body of POST /livenotes/project.
type projectParams struct {
	Name        *string `json:"name"`
	Color       *string `json:"color"`
	Tone        *string `json:"tone"` // another name for color
	Framerate   *string `json:"framerate"`
	Type        *string `json:"type"`
	Location    *string `json:"location"`
	ShootingDay *string `json:"shootingDay"`
	LoggerName  *string `json:"loggerName"`
	IsArchived  *bool   `json:"isArchived"`
}

// projectAnswer is the data of the answer, which is unknown on the live service.
type projectAnswer struct {
	ProjectID string `json:"projectId"`
	Name      string `json:"name"`
	Color     string `json:"color"`
	Framerate string `json:"framerate"`
	Type      string `json:"type"`
}

// isProjectColor allows the documented colors.
var isProjectColor = oneOf("blue cyan fuchsia green lavender lemon mint orange pink purple red sky yellow white")

// createProject answers as if it had created a project. Nothing is kept of it, and
// no process comes into being.
func (e *Emulator) createProject(w http.ResponseWriter, r *http.Request, _ *call) {
	params, refused := readProject(r)
	if refused != nil {
		e.refuse(w, r, refused)
		return
	}
	color := params.Tone
	if params.Color != nil {
		color = params.Color
	}
	e.writeData(w, http.StatusCreated, projectAnswer{
		ProjectID: randomText(6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
		Name:      *params.Name,
		Color:     orElse(color, "pink"),
		Framerate: orElse(params.Framerate, "25"),
		Type:      orElse(params.Type, "live"),
	})
}

func orElse(value *string, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return *value
}

func readProject(r *http.Request) (projectParams, *toolProblem) {
	var p projectParams
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return p, refusal(http.StatusUnsupportedMediaType, msgMediaType, "application/json")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err != nil || len(body) > maxRequestBytes || json.Unmarshal(body, &p) != nil {
		return p, refusal(http.StatusBadRequest, msgNotJSON)
	}
	return p, p.check()
}

func (p projectParams) check() *toolProblem {
	if p.Name == nil {
		return refusal(http.StatusBadRequest, msgMissing, "name")
	}
	isName := func(name string) bool {
		n := utf8.RuneCountInString(strings.TrimSpace(name))
		return n >= 3 && n <= 50
	}
	for _, field := range []struct {
		name   string
		value  *string
		allows func(string) bool
	}{
		{"name", p.Name, isName},
		{"color", p.Color, isProjectColor},
		{"tone", p.Tone, isProjectColor},
		{"framerate", p.Framerate, isFramerate},
		{"type", p.Type, oneOf("live custom")},
	} {
		if field.value != nil && !field.allows(*field.value) {
			return refusal(http.StatusBadRequest, msgBadField, field.name)
		}
	}
	return nil
}
