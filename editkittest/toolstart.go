package editkittest

import (
	"encoding/base64"
	"io"
	"net/http"
	"os"

	"github.com/editkit/editkit-go"
)

// The data of the answers to a start. What the live service answers is unknown.
type (
	startedAnswer struct {
		ProcessID string `json:"processId"`
	}

	resultAnswer struct {
		*fileOfProcess
		Base64 string `json:"base64,omitempty"`
	}

	priceAnswer struct {
		Price int64 `json:"price"`
	}
)

// bytesPerCredit makes up the price of a translation.
const bytesPerCredit = 1000

// startTool starts a process, and for some tools answers with its result.
func (e *Emulator) startTool(w http.ResponseWriter, r *http.Request, c *call, t *tool) {
	if e.cfg.pro[t.name] {
		e.refuse(w, r, refusal(http.StatusPaymentRequired, msgUpgrade))
		return
	}
	dir, err := e.privateDir("tool-" + newUUID())
	if err != nil {
		e.refuse(w, r, refusal(http.StatusInternalServerError, msgInternal))
		return
	}
	form, refused := readForm(r, dir)
	if refused == nil {
		refused = form.check(t)
	}
	if refused != nil {
		os.RemoveAll(dir)
		if refused == errUploadTooLarge {
			e.refuseUpload(w, r)
			return
		}
		e.refuse(w, r, refused)
		return
	}
	e.noteFormLeaks(r, form)
	if form.flag("checkPrice") && t.name == "translate" {
		os.RemoveAll(dir)
		e.writeData(w, http.StatusOK, priceAnswer{Price: (form.size + bytesPerCredit - 1) / bytesPerCredit})
		return
	}
	p := e.addProcess(t, form)
	c.afterAnswer(func() { e.start(&p.activity) })
	if t.async {
		e.writeStart(w, t, http.StatusAccepted, startedAnswer{ProcessID: p.id})
		return
	}
	e.refresh(r.Context(), &p.activity)
	e.writeResult(w, r, p, form.flag("base64"))
}

// writeResult answers with the result of a tool that has one at once.
func (e *Emulator) writeResult(w http.ResponseWriter, r *http.Request, p *process, encoded bool) {
	e.mu.Lock()
	file, err := p.file, p.work.err
	var answer resultAnswer
	if file != nil {
		answer.fileOfProcess = p.viewFile(e.filesFor(r))
	}
	e.mu.Unlock()
	if file == nil {
		reason := ""
		if err != nil {
			reason = inLanguage(err, languageOf(r.Header))
		}
		e.refuse(w, r, refusal(http.StatusUnprocessableEntity, msgUnprocessable, reason))
		return
	}
	if encoded {
		text, err := file.base64()
		if err != nil { // the emulator was closed
			e.refuse(w, r, refusal(http.StatusInternalServerError, msgInternal))
			return
		}
		answer.Base64 = text
	}
	e.writeStart(w, p.tool, http.StatusOK, answer)
}

func (f *storedFile) base64() (string, error) {
	content, err := f.open()
	if err != nil {
		return "", err
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	return base64.StdEncoding.EncodeToString(data), err
}

// writeStart answers a start that took effect, in the shape that the test wants.
func (e *Emulator) writeStart(w http.ResponseWriter, t *tool, status int, data any) {
	body, err := encodeJSON(envelope{Code: status, Status: "OK", Timestamp: timestamp(e.Now()), Data: data})
	if err != nil { // no value of this package
		status = http.StatusInternalServerError
	}
	if e.cfg.startAnswer != nil {
		body = e.cfg.startAnswer(t.name, body)
	}
	writeToolsBody(w, status, body)
}

// noteFormLeaks records a form field that carries the key of the other service.
func (e *Emulator) noteFormLeaks(r *http.Request, form *toolForm) {
	for _, values := range form.fields {
		for _, value := range values {
			if e.hasForeignKey(editkit.EditingTools, value) {
				e.recordLeak(r.Host + r.URL.Path)
				return
			}
		}
	}
}
