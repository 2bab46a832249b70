package editkittest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/editkit/editkit-go"
)

// Option configures an emulator.
type Option func(*config) error

// GoneAnswer is what GET says about a completed job whose output was deleted,
// seven days after its end. What the live service says is unverified.
type GoneAnswer int

// The answers to choose from with [WithGoneAnswer].
const (
	GoneNoLink   GoneAnswer = iota // completed, without outputUrl
	GoneNotFound                   // 404
	GoneDeadLink                   // completed, with a link that answers 404
)

type config struct {
	inMemory        bool
	http2           bool
	keys            map[editkit.Service]string
	credits         int64
	course          Course
	engine          Engine
	clock           func() time.Time // nil: time.Now
	prefix          string
	inputHosts      []string
	webhookHandlers map[string]http.Handler // by lower-case host
	webhookClient   *http.Client
	gone            GoneAnswer

	toolsConfig
}

// defaultCredits is what new accounts get.
const defaultCredits = 300

func newConfig(opts []Option) (config, error) {
	cfg := config{
		keys:            make(map[editkit.Service]string),
		credits:         defaultCredits,
		webhookHandlers: make(map[string]http.Handler),
		toolsConfig:     toolsConfig{uploadLimit: defaultUploadLimit},
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return config{}, fmt.Errorf("editkittest: %w", err)
		}
	}
	if cfg.inMemory && cfg.http2 {
		return config{}, errors.New("editkittest: InMemory and WithHTTP2 exclude each other")
	}
	return cfg, nil
}

// InMemory makes the emulator open no socket. Its addresses are those of virtual
// hosts, which exist on [Emulator.Transport] only; clients from
// [Server.Client] and [Emulator.HTTPClient] use that. In this form the emulator
// works inside a testing/synctest bubble. Webhooks go to the hosts of
// [WithWebhookHandler], and to others only if there is a [WithWebhookClient].
func InMemory() Option {
	return func(c *config) error {
		c.inMemory = true
		return nil
	}
}

// WithHTTP2 makes the emulator speak HTTP/2 over TLS, with a certificate of its
// own that [Emulator.HTTPClient] trusts. The default is HTTP/1.1 without TLS.
func WithHTTP2() Option {
	return func(c *config) error {
		c.http2 = true
		return nil
	}
}

// WithKey sets the key that a service accepts. The default is a random one, see
// [Emulator.Key].
func WithKey(service editkit.Service, key string) Option {
	return func(c *config) error {
		if service != editkit.EditClips && service != editkit.EditingTools {
			return fmt.Errorf("WithKey: unknown service %q", string(service))
		}
		if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("WithKey: the key is empty or has characters that no header may have")
		}
		c.keys[service] = key
		return nil
	}
}

// WithCredits sets the balance to begin with, in credits. The default is 300.
func WithCredits(n int64) Option {
	return func(c *config) error {
		if n < 0 {
			return errors.New("WithCredits: negative balance")
		}
		c.credits = n
		return nil
	}
}

// WithCourse sets the course of new jobs. The default is [AtOnce].
func WithCourse(course Course) Option {
	return func(c *config) error {
		c.course = course.orDefault()
		return nil
	}
}

// WithEngine sets the engine that makes outputs. The default is [PassThrough],
// also for nil.
func WithEngine(engine Engine) Option {
	return func(c *config) error {
		c.engine = engine
		return nil
	}
}

// WithClock sets the base clock. The default is [time.Now], also for nil. With
// another clock, jobs with a webhook may end up to 10 ms late by themselves.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		c.clock = now
		return nil
	}
}

// WithPathPrefix puts the APIs below a path such as "/gateway", so that EditClips
// lives at /gateway/api/v1. The default is none. The storage has no prefix.
func WithPathPrefix(prefix string) Option {
	return func(c *config) error {
		prefix = strings.Trim(prefix, "/")
		if strings.ContainsAny(prefix, "?#% \\") {
			return errors.New("WithPathPrefix: the prefix is not a plain path")
		}
		if c.prefix = ""; prefix != "" {
			c.prefix = "/" + prefix
		}
		return nil
	}
}

// AllowInputHosts names the only hosts that inputs are fetched from, as host (any
// port) or host:port. Redirects to other hosts are refused. The default is none:
// see [PassThrough] for what becomes of inputs then.
func AllowInputHosts(hosts ...string) Option {
	return func(c *config) error {
		for _, host := range hosts {
			if host == "" {
				return errors.New("AllowInputHosts: empty host")
			}
			c.inputHosts = append(c.inputHosts, strings.ToLower(host))
		}
		return nil
	}
}

// WithWebhookHandler delivers webhooks for https://host/... to h, without a
// socket. The host may have a port; without one it stands for all ports.
func WithWebhookHandler(host string, h http.Handler) Option {
	return func(c *config) error {
		if host == "" || h == nil {
			return errors.New("WithWebhookHandler: host or handler is missing")
		}
		c.webhookHandlers[strings.ToLower(host)] = h
		return nil
	}
}

// WithWebhookClient sets the client that delivers webhooks to all hosts without a
// [WithWebhookHandler]. The default client follows no redirects and reaches
// loopback addresses only, so that no test calls the address of somebody else.
// With any client, a delivery has 5 seconds.
func WithWebhookClient(client *http.Client) Option {
	return func(c *config) error {
		c.webhookClient = client
		return nil
	}
}

// WithGoneAnswer sets what GET says about a job whose output was deleted. The
// default is [GoneNoLink].
func WithGoneAnswer(answer GoneAnswer) Option {
	return func(c *config) error {
		if answer < GoneNoLink || answer > GoneDeadLink {
			return errors.New("WithGoneAnswer: unknown answer")
		}
		c.gone = answer
		return nil
	}
}
