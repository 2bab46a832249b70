// Package editkittest is an emulator of the services that editkit talks to. It
// runs inside the test process, keeps state the way the service does (jobs,
// credits, files, links that expire) and can be told to misbehave.
//
//	srv := editkittest.NewServer(t)
//	client := srv.Client()
//	job, err := client.Jobs.Create(ctx, editkit.JobParams{ ... })
//
// [NewServer] listens on two loopback ports, one for the API and one for the
// storage, so that files come from a host of their own as they do in
// production. With [InMemory] it opens no socket at all and works inside a
// testing/synctest bubble. [Start] is the same for programs without a
// [testing.TB].
//
// A test steers the emulator through its [Emulator]:
//
//   - [Emulator.Advance] and [Emulator.SetTime] move its clock. Links, the
//     retention of files and the courses of jobs follow that clock.
//   - [Emulator.NextJobs] and [Emulator.SetJob] decide what becomes of a job.
//   - [Emulator.Inject] makes the next calls of an [Operation] fail in a chosen
//     way: an answer of your own, a reset connection, a truncated body, a lost
//     webhook and more.
//   - [Emulator.Stats] tells what really happened, so that a test can assert,
//     for example, that nothing was paid for twice.
//
// # What is emulated
//
// The EditClips API: GET /balance, POST /jobs, GET /jobs/{id}, the download of
// outputs and the webhooks job.completed and job.failed. The address of
// EditingTools is reserved and answers 404.
//
// # What is unverified
//
// The emulator follows the public documentation of the service, and where that
// contradicts itself on the price of a job, its page on billing. Where it is
// silent, something plausible was chosen. Unverified are: the shape of error
// bodies; all status codes but 201 for a new job and 400 for an http:// webhook
// (so also 401, 402, 404, 405, 413 and 415); the fields of a queued, failed or
// cancelled job; the spelling of "cancelled"; what becomes of a job after its
// file was deleted; a balance that may fall below zero when a job costs more
// than was reserved; and everything about the storage but its host, the
// lifetime of its links and the seven days that it keeps files. The numbers in
// the metrics of a webhook are invented.
package editkittest
