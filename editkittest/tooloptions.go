package editkittest

import (
	"errors"
	"fmt"
	"maps"
)

// toolsConfig is the part of the configuration that is about EditingTools.
type toolsConfig struct {
	processCourse Course
	toolEngine    Engine // nil: BuiltinTools
	noDetails     bool
	detailsArray  bool
	fileSizes     bool
	uploadLimit   int64
	uploadRefusal UploadRefusal
	limits        []Limit
	pro           map[string]bool // tools, by name
	startAnswer   func(tool string, defaultAnswer []byte) []byte
}

// WithProcessCourse sets the course of new processes. The default is [AtOnce].
func WithProcessCourse(course Course) Option {
	return func(c *config) error {
		c.processCourse = course.orDefault()
		return nil
	}
}

// WithToolEngine sets the engine that does the work of the tools of EditingTools.
// The default is [BuiltinTools], also for nil. See [Task] for what it gets.
func WithToolEngine(engine Engine) Option {
	return func(c *config) error {
		c.toolEngine = engine
		return nil
	}
}

// WithoutProcessDetails switches GET /processes/{id} off, since its path is
// unverified: it answers 404 with an HTML page, as any unknown path does. It is
// still counted as [GetProcess].
func WithoutProcessDetails() Option {
	return func(c *config) error {
		c.noDetails = true
		return nil
	}
}

// WithProcessDetailsArray makes the data of GET /processes/{id} an array of one
// process. What the live service answers is unverified.
func WithProcessDetailsArray() Option {
	return func(c *config) error {
		c.detailsArray = true
		return nil
	}
}

// WithFileSizes gives the files of GET /files a size, as text and in bytes. The
// field is documented as present "if available", without a unit.
func WithFileSizes() Option {
	return func(c *config) error {
		c.fileSizes = true
		return nil
	}
}

// WithUploadLimit sets how large the body of a request to EditingTools may be, in
// bytes, and how larger ones are refused: by their Content-Length, before anything
// is read, otherwise once too much has arrived. The default is 100 MiB (104857600)
// and [RefuseHTML413]. The documented 100 MB could also mean 100000000.
func WithUploadLimit(n int64, how UploadRefusal) Option {
	return func(c *config) error {
		if n < 1 {
			return errors.New("WithUploadLimit: the limit is not positive")
		}
		if how < RefuseHTML413 || how > RefuseReset {
			return errors.New("WithUploadLimit: unknown refusal")
		}
		c.uploadLimit, c.uploadRefusal = n, how
		return nil
	}
}

// WithLimits makes EditingTools answer 429 to requests over these limits, by
// default over the [DocumentedLimits]. Each is counted in fixed windows of the
// emulator's clock, such as from one full minute to the next; how the live service
// counts is unknown. Requests to unknown paths and those that are refused with
// 401, 405, 413 or 429 don't count, nor do those that get the answer of a [Respond]
// fault. Without this option nothing is limited.
func WithLimits(limits ...Limit) Option {
	return func(c *config) error {
		if len(limits) == 0 {
			limits = DocumentedLimits()
		}
		for _, limit := range limits {
			if limit.Requests < 1 || limit.Window <= 0 {
				return errors.New("WithLimits: a limit lets nothing through")
			}
		}
		c.limits = append([]Limit(nil), limits...)
		return nil
	}
}

// RequirePro makes these tools (such as "translate") answer 402, as for an account
// without a Pro subscription.
func RequirePro(tools ...string) Option {
	return func(c *config) error {
		pro := maps.Clone(c.pro)
		if pro == nil {
			pro = make(map[string]bool)
		}
		for _, name := range tools {
			if findTool(name) == nil {
				return fmt.Errorf("RequirePro: unknown tool %q", name)
			}
			pro[name] = true
		}
		c.pro = pro
		return nil
	}
}

// WithStartAnswer lets a test try other answers to the start of a tool, since
// those of the live service are unknown: answer gets the whole body of each
// successful start, such as
//
//	{"code":202,"status":"OK","timestamp":"2025-01-10T15:05:06Z","data":{"processId":"ABC123"}}
//
// and returns the body to send. Answers to checkPrice don't count as starts.
func WithStartAnswer(answer func(tool string, defaultAnswer []byte) []byte) Option {
	return func(c *config) error {
		c.startAnswer = answer
		return nil
	}
}
