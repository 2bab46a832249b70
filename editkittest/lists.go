package editkittest

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxListedFiles is how many files the list has at most: the most recent ones.
const maxListedFiles = 100

// The answers of the EditingTools API, with exactly the documented fields.
type (
	processAnswer struct {
		ProcessID  string `json:"processId"`
		Created    string `json:"created"`
		LastUpdate string `json:"lastUpdate"`
		Status     string `json:"status"`
		Label      string `json:"label"`
		Progress   string `json:"progress,omitempty"` // such as "12%", only while it runs
		*fileOfProcess
	}

	// fileOfProcess is there once a process has finished with a file.
	fileOfProcess struct {
		FileID      string `json:"fileId"`
		FileName    string `json:"fileName"`
		FileURL     string `json:"fileUrl"`
		FileExpires string `json:"fileExpires"`
	}

	fileAnswer struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		Extension string `json:"extension"` // without a dot
		Size      string `json:"size,omitempty"`
		Created   string `json:"created"`
		Expires   string `json:"expires"`
		URL       string `json:"url"`
	}
)

func (e *Emulator) listProcesses(w http.ResponseWriter, r *http.Request, _ *call) {
	e.refreshAll(r.Context())
	language, files := languageOf(r.Header), e.filesFor(r)
	now := e.Now()
	e.mu.Lock()
	var list []processAnswer
	for _, id := range slices.Backward(e.processOrder) {
		list = append(list, e.processes[id].view(now, language, files))
	}
	e.mu.Unlock()
	if len(list) == 0 {
		e.refuse(w, r, refusal(http.StatusNotFound, msgNoProcesses))
		return
	}
	e.writeData(w, http.StatusOK, list)
}

func (e *Emulator) getProcess(w http.ResponseWriter, r *http.Request, c *call) {
	p := e.findProcess(c.route.id)
	if p == nil {
		e.refuse(w, r, refusal(http.StatusNotFound, msgNoProcess))
		return
	}
	e.refresh(r.Context(), &p.activity)
	now := e.Now()
	e.mu.Lock()
	answer := p.view(now, languageOf(r.Header), e.filesFor(r))
	e.mu.Unlock()
	if e.cfg.detailsArray {
		e.writeData(w, http.StatusOK, []processAnswer{answer})
		return
	}
	e.writeData(w, http.StatusOK, answer)
}

// view returns what the API says about a process. The emulator's lock must be
// held.
func (p *process) view(now time.Time, language, files string) processAnswer {
	state := p.shown(now)
	answer := processAnswer{
		ProcessID:  p.id,
		Created:    timestamp(p.createdAt),
		LastUpdate: timestamp(p.since),
		Status:     processStatus(state.Status),
		Label:      p.label(state, language),
	}
	switch {
	case answer.Status == processRunning && state.Progress > 0:
		answer.Progress = strconv.FormatFloat(state.Progress, 'f', -1, 64) + "%"
	case answer.Status == processFinished && p.file != nil:
		answer.fileOfProcess = p.viewFile(files)
	}
	return answer
}

// viewFile returns what the API says about the file of a process, which must
// have one. The emulator's lock must be held.
func (p *process) viewFile(files string) *fileOfProcess {
	return &fileOfProcess{
		FileID:      p.fileID,
		FileName:    p.file.name,
		FileURL:     files + p.filePath(),
		FileExpires: timestamp(p.fileExpires()),
	}
}

func (e *Emulator) listFiles(w http.ResponseWriter, r *http.Request, _ *call) {
	e.refreshAll(r.Context())
	files := e.filesFor(r)
	e.mu.Lock()
	var made []*process
	for _, id := range e.processOrder {
		if p := e.processes[id]; p.file != nil {
			made = append(made, p)
		}
	}
	slices.Reverse(made)
	slices.SortStableFunc(made, func(a, b *process) int { return b.madeAt.Compare(a.madeAt) })
	var list []fileAnswer
	for _, p := range made[:min(len(made), maxListedFiles)] {
		answer := fileAnswer{
			ID:        p.fileID,
			Name:      p.file.name,
			Extension: strings.TrimPrefix(path.Ext(p.file.name), "."),
			Created:   timestamp(p.madeAt),
			Expires:   timestamp(p.fileExpires()),
			URL:       files + p.filePath(),
		}
		if e.cfg.fileSizes {
			answer.Size = strconv.FormatInt(p.file.size, 10)
		}
		list = append(list, answer)
	}
	e.mu.Unlock()
	if len(list) == 0 {
		e.refuse(w, r, refusal(http.StatusNotFound, msgNoFiles))
		return
	}
	e.writeData(w, http.StatusOK, list)
}
