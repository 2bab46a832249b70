package contest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"time"
)

// The answers of the service, as its documentation shows them.
const (
	processingJob = `{"id":"processing","status":"processing","tool":"anything-to-mp4","progress":45,"progressMessage":"Encoding..."}`
	completedJob  = `{"id":%q,"status":"completed","tool":"anything-to-mp4","progress":100,"progressMessage":"Done",` +
		`"outputUrl":%q,"outputFilename":"video.mp4","outputSize":%d,"creditsReserved":1,"creditsCharged":1,"poll":"/api/v1/jobs/completed"}`
	createdJob = `{"id":"created","status":"queued","tool":"anything-to-mp4","creditsReserved":1,"poll":"/api/v1/jobs/created"}`
	balance    = `{"credits":1234,"totalPurchased":5000}`

	outputURL = "https://r2.editclips.online/outputs/video.mp4?X-Amz-Expires=3600&X-Amz-Signature=0123456789abcdef0123456789abcdef"
)

// answers returns what the service answers to a method and path.
func answers() map[string]string {
	return map[string]string{
		"GET /jobs/processing": processingJob,
		"GET /jobs/completed":  fmt.Sprintf(completedJob, "completed", outputURL, 10485760),
		"POST /jobs":           createdJob,
		"GET /balance":         balance,
	}
}

// Service is the job service on the loopback. The job whose id is a number has a
// result of so many bytes.
type Service struct {
	*httptest.Server
}

// NewService starts a service. The caller closes it.
func NewService() *Service {
	mux := http.NewServeMux()
	for pattern, text := range answers() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			writeJSON(w, text)
		})
	}
	s := &Service{}
	mux.HandleFunc("GET /jobs/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		size, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		writeJSON(w, fmt.Sprintf(completedJob, id, s.link(size), size))
	})
	mux.HandleFunc("GET /outputs/{size}", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.ParseInt(r.PathValue("size"), 10, 64)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Etag", `"the only version"`)
		http.ServeContent(w, r, "video.mp4", time.Time{}, &film{size: size})
	})
	s.Server = httptest.NewServer(mux)
	return s
}

// link returns where a result of so many bytes is.
func (s *Service) link(size int64) string {
	return s.URL + path.Join("/outputs", strconv.FormatInt(size, 10))
}

func writeJSON(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = io.WriteString(w, text)
}
