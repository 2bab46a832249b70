// Package service connects the examples to EditingTools.io, or to its emulator.
package service

import (
	"fmt"
	"io"
	"os"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// Connect returns a client for the live service if EDITINGTOOLS_API_KEY is set, and for an
// emulator otherwise. It says on out which one it is. When done, call done.
func Connect(out io.Writer, language editkit.Language, opts ...editkittest.Option) (c *editkit.Client, done func(), err error) {
	inLanguage := editkit.WithLanguage(language)
	if os.Getenv("EDITINGTOOLS_API_KEY") != "" {
		fmt.Fprintf(out, "Service:  EditingTools.io, live, in %s\n", language.Name())
		c, err = editkit.New(editkit.FromEnv(), inLanguage)
		return c, func() {}, err
	}
	fmt.Fprintf(out, "Service:  EditingTools.io, emulated (set EDITINGTOOLS_API_KEY for the live one), in %s\n", language.Name())
	emulator, err := editkittest.Start(opts...)
	if err != nil {
		return nil, nil, err
	}
	c, err = editkit.New(append(emulator.ClientOptions(), inLanguage)...)
	if err != nil {
		emulator.Close()
		return nil, nil, err
	}
	return c, emulator.Close, nil
}
