package editkit

import (
	"runtime"
)

// Version is the version of this package.
const Version = "0.1.0"

var plainUserAgent = []string{"editkit-go/" + Version + " (" + runtime.Version() + "; " + runtime.GOOS + ")"}

// userAgent returns the header's value, with the program's own name in front.
func userAgent(program string) []string {
	if program == "" {
		return plainUserAgent
	}
	return []string{program + " " + plainUserAgent[0]}
}
