package benchmarks_test

import (
	"io"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/benchmarks/internal/contest"
)

// BenchmarkTransfer is the throughput of downloads over the loopback.
func BenchmarkTransfer(b *testing.B) {
	service := contest.NewService()
	defer service.Close()
	for _, size := range []int64{1 << 20, 64 << 20} {
		contests, err := contest.Downloads(service, size, b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		bench(b, contests)
	}
}

// TestDownloadMemory downloads a large file from a server in this process that
// allocates nothing for it, and watches the heap.
//
//nolint:paralleltest // the heap is that of the whole process
func TestDownloadMemory(t *testing.T) {
	const (
		size  = 256 << 20
		limit = 4 << 20
	)
	service := contest.NewService()
	defer service.Close()
	client, err := editkit.New(
		editkit.WithEditClips("ec_live_0123456789abcdef"),
		editkit.WithBaseURL(editkit.EditClips, service.URL),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()

	runtime.GC()
	before := heap()
	peak, samples := before, 0
	n, err := client.Jobs.Download(t.Context(), strconv.Itoa(size), writerOnly{io.Discard},
		editkit.OnProgress(func(int64, int64) {
			peak = max(peak, heap())
			samples++
		}))
	if err != nil || n != size {
		t.Fatalf("Download = %d, %v", n, err)
	}
	growth := peak - before
	t.Logf("%d MiB downloaded: the heap grew by at most %d KiB, in %d samples", size>>20, growth>>10, samples)
	if growth > limit {
		t.Errorf("the heap grew by %d KiB, allowed are %d", growth>>10, limit>>10)
	}
}

// writerOnly hides all but Write.
type writerOnly struct{ io.Writer }

// heap returns the bytes of all objects, garbage that is not yet collected included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
