// Package editkittest is an emulator of the services that editkit talks to. It
// runs inside the test process, keeps state the way the services do (jobs,
// credits, processes, files, links that expire) and can be told to misbehave.
//
//	srv := editkittest.NewServer(t)
//	client := srv.Client()
//	job, err := client.Jobs.Create(ctx, editkit.JobParams{ ... })
//
// [NewServer] listens on two loopback ports, one for the APIs and one for the
// storage, so that files come from a host of their own as they do in
// production. With [InMemory] it opens no socket at all and works inside a
// testing/synctest bubble. [Start] is the same for programs without a
// [testing.TB].
//
// A test steers the emulator through its [Emulator]:
//
//   - [Emulator.Advance] and [Emulator.SetTime] move its clock. Links, the
//     retention of files, limits and the courses of jobs and processes follow that
//     clock.
//   - [Emulator.NextJobs] and [Emulator.SetJob] decide what becomes of a job,
//     [Emulator.NextProcesses] and [Emulator.SetProcess] of a process.
//   - [Emulator.Inject] makes the next calls of an [Operation] fail in a chosen
//     way: an answer of your own, a reset connection, a truncated body, a lost
//     webhook and more.
//   - [Emulator.RegisterWebhook] and [Emulator.TestWebhook] do what is done on the
//     website of EditingTools.
//   - [Emulator.Stats] tells what really happened, so that a test can assert,
//     for example, that nothing was paid for twice.
//
// # What is emulated
//
// The EditClips API: GET /balance, POST /jobs, GET /jobs/{id}, the download of
// outputs and the webhooks job.completed and job.failed.
//
// The EditingTools API: GET /processes, GET /processes/{id}, GET /files, the
// download of files, the tools translate, cutdetection, loudness, stills, ale, edl,
// subtitles, remove-borders and cuesheet, POST /livenotes/project and the signed
// webhooks. What each tool really does here is told by [BuiltinTools] and
// [FFmpegTools]. The limit of an upload and the limits of requests are those of
// [WithUploadLimit] and [WithLimits]. Messages and labels are there in English,
// German, Spanish, French and Japanese; another language gets English ones.
//
// # What is unverified
//
// The emulator follows the public documentation of the services. Where it is
// silent, something plausible was chosen.
//
// EditClips: where the documentation contradicts itself on the price of a job, its
// page on billing is followed. Unverified are: the shape of error bodies; all
// status codes but 201 for a new job and 400 for an http:// webhook (so also 401,
// 402, 404, 405, 413 and 415); the fields of a queued, failed or cancelled job; the
// spelling of "cancelled"; what becomes of a job after its file was deleted; a
// balance that may fall below zero when a job costs more than was reserved; and
// everything about the storage but its host, the lifetime of its links and the
// seven days that it keeps files. The numbers in the metrics of a webhook are
// invented.
//
// EditingTools: documented are the envelope, both lists with their fields, the
// parameters of the tools that are listed in the documentation (not all of which is
// public), the meaning of the status codes and the form of webhooks. Unverified
// are: the answers of all tools (see [WithStartAnswer]) and of
// POST /livenotes/project; the path and the answer of GET /processes/{id} (see
// [WithoutProcessDetails] and [WithProcessDetailsArray]); the paths and all
// parameters of loudness and stills; that an empty list of processes is 404, as an
// empty list of files is; the data of errors, which is an empty array here; all
// messages but that of an empty list of files, and all labels; which status a
// problem has (also 405, 415 and the 413 of [RefuseHTML413]); the price of a
// translation; that files are kept for 72 hours, and that they can be downloaded
// without credentials, with ranges and validators; how requests are counted
// against the limits; and the spelling of the signature's header and the test call
// of a webhook. There is no state of a process beside in_progress, finished and
// failed in the documentation.
package editkittest
