package editkittest

import "time"

// The job statuses that mean something to the emulator. A [Step] may name others.
const (
	statusQueued     = "queued"
	statusProcessing = "processing"
	statusCompleted  = "completed"
	statusFailed     = "failed"
	statusCancelled  = "cancelled"
	statusCanceled   = "canceled"
)

const encodingMessage = "Encoding..."

// Step is one change in the life of a job or a process. For a process, "finished"
// means the same as "completed", and "in_progress" the same as "processing"; any
// status beside these and "queued", "failed" is shown as it is.
type Step struct {
	After    time.Duration // since the step before it (the first: since the creation), on the emulator's clock
	Status   string        // "queued", "processing", "completed", "failed", "cancelled" or anything else; empty keeps the one before
	Progress float64       // in percent; a completed job without one reports 100
	Message  string        // the progress message of a job; the label of a process with a status that isn't documented
	Error    string        // the error message of a failed job; goes into the label of a failed process
}

// Course is what becomes of a job or a process. Every job begins as queued (every
// process as in_progress) and then takes the steps in order. It gets its output
// from the [Engine] when it reaches "completed". The zero Course is that of
// [AtOnce].
type Course []Step

// AtOnce is the course of a job that is completed as soon as it is asked for. The
// answer to its creation still says queued.
func AtOnce() Course {
	return Course{{Status: statusCompleted}}
}

// Timed is the course of a job that waits in the queue, then is processed with
// some progress on the way, and is completed. Both times are on the emulator's
// clock.
func Timed(queued, processing time.Duration) Course {
	quarter := processing / 4
	return Course{
		{After: queued, Status: statusProcessing, Progress: 0, Message: "Starting..."},
		{After: quarter, Status: statusProcessing, Progress: 25, Message: encodingMessage},
		{After: quarter, Status: statusProcessing, Progress: 50, Message: encodingMessage},
		{After: quarter, Status: statusProcessing, Progress: 75, Message: encodingMessage},
		{After: processing - 3*quarter, Status: statusCompleted, Progress: 100},
	}
}

// ByHand is the course of a job that stays queued until [Emulator.SetJob] moves it,
// or of a process until [Emulator.SetProcess] does.
func ByHand() Course {
	return Course{{Status: statusQueued}}
}

// FailAtOnce is the course of a job that has failed with the message as soon as
// it is asked for. The answer to its creation still says queued.
func FailAtOnce(message string) Course {
	return Course{{Status: statusFailed, Error: message}}
}

// orDefault returns a copy of the course, or that of AtOnce if there is none.
func (c Course) orDefault() Course {
	if len(c) == 0 {
		return AtOnce()
	}
	return append(Course(nil), c...)
}

// ends reports whether a job with this status has come to its end.
func ends(status string) bool {
	switch status {
	case statusCompleted, statusFailed, statusCancelled, statusCanceled:
		return true
	}
	return false
}
