package editkittest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// A program that is no test starts an emulator by itself.
func ExampleStart() {
	emulator, err := editkittest.Start(editkittest.InMemory())
	if err != nil {
		log.Fatal(err)
	}
	defer emulator.Close()
	client, err := editkit.New(emulator.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	balance, err := client.Account.Balance(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balance.Credits)
	// Output: 300
}

// The connection breaks after the job was created and before the answer: the
// client must not create a second one.
func ExampleEmulator_Inject() {
	emulator, err := editkittest.Start(editkittest.InMemory())
	if err != nil {
		log.Fatal(err)
	}
	defer emulator.Close()
	client, err := editkit.New(emulator.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}

	emulator.Inject(editkittest.CreateJob, 1, editkittest.ResetAfter())
	_, err = client.Jobs.Create(context.Background(), editkit.JobParams{
		Tool:   "anything-to-mp4",
		Inputs: []string{"https://example.com/video.mov"},
	})
	fmt.Println("uncertain:", errors.Is(err, editkit.ErrUncertain))
	fmt.Println("jobs:", emulator.Stats().Creates)
	// Output:
	// uncertain: true
	// jobs: 1
}

// The clock moves by hand: a job of an hour takes no time.
func ExampleEmulator_Advance() {
	emulator, err := editkittest.Start(
		editkittest.InMemory(),
		editkittest.WithCourse(editkittest.Timed(10*time.Minute, time.Hour)),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer emulator.Close()
	client, err := editkit.New(emulator.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	job, err := client.Jobs.Create(ctx, editkit.JobParams{Tool: "compress-video", Inputs: []string{"https://example.com/a.mov"}})
	for range 3 {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.Status)
		emulator.Advance(35 * time.Minute)
		job, err = client.Jobs.Get(ctx, job.ID)
	}
	// Output:
	// queued
	// processing
	// completed
}

// A process that fails, without a file that any tool could fail on.
func ExampleEmulator_NextProcesses() {
	emulator, err := editkittest.Start(editkittest.InMemory())
	if err != nil {
		log.Fatal(err)
	}
	defer emulator.Close()
	client, err := editkit.New(emulator.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	emulator.NextProcesses(editkittest.FailAtOnce("no video stream"))
	run, err := client.Tools.Run(ctx, "cutdetection", editkit.ToolParams{File: editkit.BytesSource("film.mov", []byte("..."))})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Processes.Wait(ctx, run.ProcessID)
	fmt.Println("failed:", errors.Is(err, editkit.ErrProcessFailed))
	// Output: failed: true
}
