package editkit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/editkit/editkit-go"
)

// FuzzToolRun: every JSON answer is a success that is kept as it came, and every other
// one an uncertain error with its status; none makes a panic.
func FuzzToolRun(f *testing.F) {
	for _, s := range []string{
		accepted, ``, `null`, `[]`, `1`, `"x"`, `{"data":null}`, `{"code":"202","status":"OK","data":[{"processId":"#A","file":{"files":[{"url":"u"}]}}]}`,
		`{"processId":{}}`, `{"base64":"aGk=","files":[[{}]]}`, `{"data":{"base64":"data:;base64,!"}}`, `{"process":{"process":{"process":{"process":{"process":{}}}}}}`,
		`{"DATA":[],"data":{}}`, "\xff", `{"processId":"\ud800"}`, gatewayPage, `{"data":[` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := newClient(t, editkit.WithEditingTools(toolsKey), oneTry, stub(say(202, string(body))))
		run, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: smallSource()})
		if !json.Valid(body) {
			var ae *editkit.APIError
			if run != nil || !errors.Is(err, editkit.ErrUncertain) || !errors.As(err, &ae) || ae.StatusCode != 202 {
				t.Fatalf("%v, %v", run, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(run.Raw, body) || run.Data != nil && !json.Valid(run.Data) {
			t.Errorf("Raw %q, Data %q", run.Raw, run.Data)
		}
		if !utf8.ValidString(run.ProcessID) || strings.HasPrefix(run.ProcessID, "#") && !strings.Contains(string(body), "##") {
			t.Errorf("id %q", run.ProcessID)
		}
		for _, file := range run.Files {
			if file.URL == "" || !json.Valid(file.Raw) {
				t.Errorf("file %#v", file)
			}
		}
		_ = run.String()
	})
}
