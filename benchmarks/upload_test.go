package benchmarks_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

// zeros is a source of so many bytes that allocates nothing.
type zeros int64

func (z zeros) ReadAt(p []byte, offset int64) (int, error) {
	n := min(int64(len(p)), max(int64(z)-offset, 0))
	clear(p[:n])
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// TestUploadMemory uploads nearly all that the service takes, is refused by a 429 when it
// has all been read, uploads it again, and watches the heap, over HTTP/1.1 and HTTP/2.
//
//nolint:paralleltest // the heap is that of the whole process
func TestUploadMemory(t *testing.T) {
	const (
		size  = 100<<20 - 4096
		limit = 4 << 20
	)
	if raceDetector {
		t.Skip("the race detector allocates by itself: run this without it")
	}
	// Collect early, so that garbage is not taken for memory in use.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	for _, http2 := range []bool{false, true} {
		var starts, received atomic.Int64
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			received.Add(n)
			if starts.Add(1) == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"code":202,"status":"OK","data":{"processId":"ABC123"}}`)
		}))
		srv.EnableHTTP2 = http2
		if http2 {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		client, err := editkit.New(
			editkit.WithEditingTools("key"),
			editkit.WithBaseURL(editkit.EditingTools, srv.URL),
			editkit.WithHTTPClient(srv.Client()),
			editkit.WithRetryPolicy(editkit.RetryPolicy{BaseDelay: time.Millisecond}),
		)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		before := heap()
		var peak atomic.Uint64
		run, err := client.Tools.Run(t.Context(), "cutdetection",
			editkit.ToolParams{File: editkit.ReaderAtSource("film.mov", zeros(size), size)},
			editkit.OnProgress(func(int64, int64) { peak.Store(max(peak.Load(), heap())) }))
		if err != nil || run.ProcessID != "ABC123" || starts.Load() != 2 || received.Load() < 2*size {
			t.Fatalf("run = %v, %v after %d starts and %d bytes", run, err, starts.Load(), received.Load())
		}
		growth := int64(peak.Load()) - int64(before)
		t.Logf("HTTP/2 %v: %d bytes uploaded twice: the heap grew by at most %d KiB", http2, size, growth>>10)
		if growth > limit {
			t.Errorf("the heap grew by %d KiB, allowed are %d", growth>>10, limit>>10)
		}
		client.CloseIdleConnections()
		srv.Close()
	}
}
