package editkit

// Service names one of the two web services that a [Client] talks to.
type Service string

// The two services. Each has a key, a base address and a throttle of its own.
const (
	// EditClips is the job service at https://editclips.online/api/v1.
	EditClips Service = "EditClips"
	// EditingTools is the process service at https://api.editingtools.io/v2.
	EditingTools Service = "EditingTools"
)
