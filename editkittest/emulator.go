package editkittest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/editkit/editkit-go"
)

// Emulator is a running emulator. [Start] and [NewServer] make one. All methods
// are safe for concurrent use.
type Emulator struct {
	cfg        config
	engine     Engine
	toolEngine Engine
	limiter    *limiter
	life       *lifecycle
	clock      *clock
	linkKey    []byte
	home       origins   // what URL tells
	reachable  []origins // home and the virtual ones

	faults faultQueue
	stats  statistics

	inputs        *inputFetcher
	transport     *memoryTransport // to the emulator, without sockets
	client        *http.Client     // to the emulator
	handlerClient *http.Client     // to the webhook handlers
	listeners     *listeners       // nil in memory
	pools         []*http.Transport
	closing       sync.Once

	mu         sync.Mutex  // protects what follows, the jobs and the processes
	activities []*activity // of both, by creation
	jobs       map[string]*job
	order      []string // ids of the jobs, by creation
	planned    []Course // of the next jobs
	held       int64    // credits that the jobs keep from the balance
	dir        string   // empty until something needs it

	processes        map[string]*process
	processOrder     []string            // ids of the processes, by creation
	plannedProcesses []Course            // of the next ones
	tokens           map[string]*process // the ones with a file, by its token
	endpoints        []endpoint
}

// Start starts an emulator for a program that is no test. It must be closed. In
// tests, [NewServer] is more convenient.
func Start(opts ...Option) (*Emulator, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		cfg:       cfg,
		engine:    cfg.engine,
		life:      newLifecycle(),
		clock:     &clock{base: cfg.clock},
		linkKey:   randomBytes(32),
		home:      virtualOrigins,
		reachable: []origins{virtualOrigins},
		jobs:      make(map[string]*job),

		toolEngine: cfg.toolEngine,
		limiter:    newLimiter(cfg.limits),
		processes:  make(map[string]*process),
		tokens:     make(map[string]*process),
	}
	if e.engine == nil {
		e.engine = PassThrough()
	}
	if e.toolEngine == nil {
		e.toolEngine = BuiltinTools()
	}
	if e.clock.base == nil {
		e.clock.base = time.Now
	}
	setDefaultKey(cfg.keys, editkit.EditClips, "ec_live_emulator")
	setDefaultKey(cfg.keys, editkit.EditingTools, "et_emulator")
	e.transport = &memoryTransport{life: e.life, now: e.Now, dial: e.dial}
	if err := e.connect(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// connect opens the listeners, if there are to be some, and makes the clients.
func (e *Emulator) connect() error {
	var toEmulator http.RoundTripper = e.transport
	if !e.cfg.inMemory {
		l, err := listen(e.life.ctx, e.Handler(), e.cfg.http2)
		if err != nil {
			return fmt.Errorf("editkittest: %w", err)
		}
		e.listeners = l
		e.home = l.origins
		e.reachable = append(e.reachable, l.origins)
		pool := l.newTransport()
		e.pools = append(e.pools, pool)
		toEmulator = pool
	}
	e.client = &http.Client{Transport: toEmulator, CheckRedirect: stayOnHost}

	world := newInputTransport()
	e.pools = append(e.pools, world)
	e.inputs = newInputFetcher(e.cfg.inputHosts, roundTripper(func(req *http.Request) (*http.Response, error) {
		if e.owns(req.URL.Host) { // an output as the input of the next job
			return toEmulator.RoundTrip(req)
		}
		return world.RoundTrip(req)
	}))

	e.handlerClient = e.newHandlerClient()
	if e.cfg.webhookClient == nil {
		e.cfg.webhookClient = e.handlerClient // which refuses all other hosts
		if !e.cfg.inMemory {
			pool := &http.Transport{ForceAttemptHTTP2: true}
			e.pools = append(e.pools, pool)
			e.cfg.webhookClient = newLoopbackClient(pool)
		}
	}
	return nil
}

// Close stops the emulator: what still runs is cancelled (requests, deliveries of
// webhooks, engines), and when Close returns, it has ended. Outputs are deleted.
// Closing again does nothing.
func (e *Emulator) Close() {
	e.closing.Do(func() {
		e.life.stop()
		e.mu.Lock()
		for _, a := range e.activities {
			if a.wake != nil {
				a.wake.Stop()
			}
		}
		e.mu.Unlock()
		if e.listeners != nil {
			e.listeners.close()
		}
		e.life.wait()
		for _, pool := range e.pools {
			pool.CloseIdleConnections()
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.dir != "" {
			os.RemoveAll(e.dir)
		}
	})
}

// URL returns the base URL of a service, such as "http://127.0.0.1:1234/api/v1"
// for [editkit.EditClips]; empty for an unknown service. In memory it is that of
// a virtual host.
func (e *Emulator) URL(service editkit.Service) string {
	switch service {
	case editkit.EditClips:
		return e.home.api + e.cfg.prefix + apiPath
	case editkit.EditingTools:
		return e.home.tools + e.cfg.prefix + toolsPath
	}
	return ""
}

// Key returns the key that a service accepts; empty for an unknown service.
func (e *Emulator) Key(service editkit.Service) string {
	return e.cfg.keys[service]
}

// HTTPClient returns a client that reaches the emulator: it trusts its
// certificate, or uses [Emulator.Transport] in memory. It follows no redirect to
// another host. Each call returns a client of its own; they share connections.
func (e *Emulator) HTTPClient() *http.Client {
	client := *e.client
	return &client
}

// Transport returns a transport that reaches the emulator without sockets, also
// if it listens on some: at the virtual hosts https://editclips.test and
// https://storage.editclips.test, https://api.editingtools.test and
// https://editingtools.test, and at the hosts of [Emulator.URL]. It is fit for a
// testing/synctest bubble if the emulator was started in it.
func (e *Emulator) Transport() http.RoundTripper {
	return e.transport
}

// dial connects the in-memory transport with the emulator for one request.
func (e *Emulator) dial(req *http.Request) (http.Handler, error) {
	host := req.URL.Host
	if !e.owns(host) {
		if req.Header.Get("Authorization") != "" {
			e.recordLeak(host + req.URL.Path)
		}
		return nil, unknownHost(req.URL.Hostname())
	}
	c := e.arrive(req, host)
	if c.fault.kind == faultRefuse {
		return nil, refusedConnection()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.serve(w, r, c) }), nil
}

// privateDir makes a folder that is there until the emulator is closed.
func (e *Emulator) privateDir(name string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dir == "" {
		dir, err := os.MkdirTemp("", "editkittest-*")
		if err != nil {
			return "", err
		}
		e.dir = dir
	}
	dir := filepath.Join(e.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// stayOnHost keeps a client from following redirects to other hosts.
func stayOnHost(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 || req.URL.Host != via[0].URL.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// roundTripper is a function as an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func setDefaultKey(keys map[editkit.Service]string, service editkit.Service, prefix string) {
	if keys[service] == "" {
		keys[service] = prefix + hex.EncodeToString(randomBytes(12))
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	b := randomBytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
