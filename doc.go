// Package editkit is the Go SDK for two media-processing web services: EditClips,
// which makes jobs of public input URLs, and EditingTools.io, whose tools make processes
// of uploaded files.
//
// A [Client] turns an input URL into a finished file in one call:
//
//	c, err := editkit.New(editkit.FromEnv())
//	job, err := c.Jobs.Run(ctx, editkit.JobParams{
//		Tool:   "anything-to-mp4",
//		Inputs: []string{"https://example.com/video.mov"},
//	}, "video.mp4")
//
// Run is [JobsService.Create], [JobsService.Wait] and [JobsService.DownloadFile], each
// of which can be called by itself: from another process, or days later.
//
// The tools of EditingTools.io take a file, and [ToolsService.SaveResult] brings what they
// make to disk:
//
//	run, err := c.Tools.Subtitles(ctx, editkit.SubtitlesParams{
//		File: editkit.FileSource("film.srt"), From: "srt", To: "vtt",
//	})
//	path, err := c.Tools.SaveResult(ctx, run, "results/")
//
// # Which call for what
//
//   - a job from URL to file: [JobsService.Run]
//   - a job in steps, or over several processes: [JobsService.Create], [JobsService.Wait],
//     [JobsService.DownloadFile], [JobsService.Download], [JobsService.Get]
//   - what it costs: [EstimateCredits], [AccountService.Balance]
//   - a tool with a file: [ToolsService.Translate] and its siblings, [ToolsService.Run] for
//     any other; then [ToolsService.SaveResult], or [ProcessesService.Wait] and
//     [ProcessesService.DownloadFile]
//   - what there is: [ProcessesService.List], [ProcessesService.All], [FilesService.List]
//   - any other endpoint: [Client.Do]
//
// # Money
//
// Creating a job reserves credits, starting a tool may cost some, and the services know no
// idempotency key. So a create or a start is sent again only when the service surely did not carry it out: after a 429, or when
// no connection came about. In every other doubtful case (a 5xx, a broken connection, a
// success that can't be read) exactly one has been sent, and the error matches
// [ErrUncertain].
//
// # Waiting and downloading
//
// A wait survives passing faults of any number and ends with its context. A download
// goes on where it stood when the connection breaks or its link expires, is checked
// against the promised size, and takes constant memory. After 7 days the service
// deletes results: [ErrExpired].
//
// # Errors
//
// Every error can be tested with errors.Is against a sentinel ([ErrNotFound],
// [ErrRateLimited], [ErrUncertain], [ErrJobFailed], ...) and gives its details by
// errors.As: [*APIError], [*TransportError], [*ArgError], [*JobFailedError],
// [*ProcessFailedError], [*WaitError], [*DownloadError], [*TooLargeError],
// [*ThrottledError]. None holds a key, a signature, a
// query string, or more than the start of a body.
//
// # Which host gets what
//
// A key is sent to the base address of its service and nowhere else: not to a host that
// a redirect names, and not to the storage that a result comes from.
//
// # Testing
//
// Package editkittest is an emulator of both services, for the tests of your own code.
//
// # What is unverified
//
// The services document only part of what they do. What was inferred is marked so at
// the name that rests on it.
package editkit
