package editkit

// Language is a language that EditingTools.io can answer in, by its code.
// Source: editingtools.io/api/v2/webhooks, "Available Languages".
type Language string

func (l Language) validate() error {
	if l == "" || !isToken(string(l)) {
		return &ArgError{"language", "not a language code"}
	}
	return nil
}
