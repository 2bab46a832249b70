package editkittest

import (
	"net/http"
	"sync"
	"time"
)

// Operation names a kind of call that the emulator counts and that faults can be
// injected into.
type Operation string

// The operations of EditClips and EditingTools.
const (
	CreateJob   Operation = "POST /jobs"
	GetJob      Operation = "GET /jobs/{id}"
	GetBalance  Operation = "GET /balance"
	GetOutput   Operation = "GET output" // a request to the storage, HEAD included
	SendWebhook Operation = "webhook"    // a delivery by the emulator

	// The operations of EditingTools. SendWebhook is for its webhooks, too.
	ListProcesses Operation = "GET /processes"
	GetProcess    Operation = "GET /processes/{id}"
	ListFiles     Operation = "GET /files"
	GetFile       Operation = "GET file"     // a request for a file, HEAD included
	StartTool     Operation = "POST /{tool}" // all tools, POST /livenotes/project included

	// Unrouted is every request that is none of the others, such as one to an
	// unknown path or with a wrong method.
	Unrouted Operation = "unrouted"
)

// Fault is one way for a call to go wrong. The zero value is that of [Pass]. A
// fault that has no meaning for an operation acts as Pass there.
type Fault struct {
	kind        faultKind
	afterEffect bool

	status int           // respond
	header http.Header   // respond
	body   string        // respond
	bytes  int64         // truncate, slow body (size of a chunk)
	wait   time.Duration // slow headers, slow body, delay of a webhook
}

type faultKind int

const (
	faultNone faultKind = iota
	faultRespond
	faultReset
	faultRefuse
	faultTruncate
	faultSlowHeaders
	faultSlowBody
	faultExpireLink
	faultIgnoreRange
	faultChangeETag
	faultDropValidators
	faultLoseWebhook
	faultDuplicateWebhook
	faultDelayWebhook
)

// Pass is no fault. It lets calls through, so that a later fault meets exactly
// the call that it is meant for.
func Pass() Fault { return Fault{} }

// Respond answers with this status (from 200), header and body instead of
// running the operation. See [Fault.AfterEffect] for doing both. A nil header is
// fine.
func Respond(status int, header http.Header, body string) Fault {
	return Fault{kind: faultRespond, status: status, header: header.Clone(), body: body}
}

// ResetBefore resets the connection before the operation has any effect. Note
// that net/http by itself repeats a GET that was reset on a connection it used
// before; the in-memory transport doesn't.
func ResetBefore() Fault { return Fault{kind: faultReset} }

// ResetAfter lets the operation take effect (the job exists, its credits are
// reserved; the process exists) and then resets the connection before any answer.
func ResetAfter() Fault { return ResetBefore().AfterEffect() }

// RefuseConnection refuses the connection, so that nothing of the request is
// sent; the call is not counted as one that arrived. Only the in-memory transport
// can do so: on a socket it acts as [ResetBefore].
func RefuseConnection() Fault { return Fault{kind: faultRefuse} }

// Truncate gives the real answer, with the Content-Length of all of it, and cuts
// the connection after n bytes of the body. A body of at most n bytes stays whole.
func Truncate(n int64) Fault { return Fault{kind: faultTruncate, bytes: max(n, 0)} }

// SlowHeaders gives the real answer, after a wait of d. The operation takes
// effect before the wait. The wait is in real time (or that of a synctest
// bubble), and ends with the request.
func SlowHeaders(d time.Duration) Fault { return Fault{kind: faultSlowHeaders, wait: d} }

// SlowBody gives the real answer in chunks of so many bytes, with a pause between
// them. The pauses are in real time (or that of a synctest bubble), and end with
// the request.
func SlowBody(chunk int, pause time.Duration) Fault {
	return Fault{kind: faultSlowBody, bytes: int64(max(chunk, 1)), wait: pause}
}

// ExpireLink makes the storage answer as if the link had expired. It is for
// [GetOutput] and [GetFile].
func ExpireLink() Fault { return Fault{kind: faultExpireLink} }

// IgnoreRange makes the storage ignore a Range header and send the whole file. It
// is for [GetOutput] and [GetFile].
func IgnoreRange() Fault { return Fault{kind: faultIgnoreRange} }

// ChangeETag makes the storage believe that the file was replaced just before
// this call: it has another ETag and Last-Modified from now on. Its bytes stay
// the same. It is for [GetOutput] and [GetFile].
func ChangeETag() Fault { return Fault{kind: faultChangeETag} }

// DropValidators makes the storage answer without ETag and Last-Modified. It is
// for [GetOutput] and [GetFile].
func DropValidators() Fault { return Fault{kind: faultDropValidators} }

// LoseWebhook makes a delivery never happen. It is for [SendWebhook].
func LoseWebhook() Fault { return Fault{kind: faultLoseWebhook} }

// DuplicateWebhook delivers twice. It is for [SendWebhook].
func DuplicateWebhook() Fault { return Fault{kind: faultDuplicateWebhook} }

// DelayWebhook delivers d later, in real time (or that of a synctest bubble). The
// link inside, or the signature, is as old as the delay. It is for [SendWebhook].
func DelayWebhook(d time.Duration) Fault { return Fault{kind: faultDelayWebhook, wait: d} }

// AfterEffect returns the fault with one difference: the operation takes effect
// first, and only its answer is lost. It is for [Respond] and [ResetBefore].
func (f Fault) AfterEffect() Fault {
	f.afterEffect = true
	return f
}

// Inject applies f to the next so many calls of op; times <= 0 means to all of
// them until [Emulator.ClearFaults]. Several faults for one operation queue up in
// order.
func (e *Emulator) Inject(op Operation, times int, f Fault) {
	e.faults.add(op, times, f)
}

// ClearFaults removes all faults that are still waiting for a call.
func (e *Emulator) ClearFaults() {
	e.faults.clear()
}

// faultQueue keeps the injected faults of each operation in order.
type faultQueue struct {
	mu     sync.Mutex
	queues map[Operation][]injection
}

type injection struct {
	times   int // left
	forever bool
	fault   Fault
}

func (q *faultQueue) add(op Operation, times int, f Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queues == nil {
		q.queues = make(map[Operation][]injection)
	}
	q.queues[op] = append(q.queues[op], injection{times: times, forever: times <= 0, fault: f})
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.queues)
}

// take returns the fault for a call that happens now.
func (q *faultQueue) take(op Operation) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.queues[op]
	if len(queue) == 0 {
		return Pass()
	}
	next := &queue[0]
	fault := next.fault
	if !next.forever {
		if next.times--; next.times == 0 {
			q.queues[op] = queue[1:]
		}
	}
	return fault
}
