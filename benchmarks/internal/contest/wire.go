package contest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// What the contestants without an SDK know of the service.

const (
	key       = "ec_live_0123456789abcdef"
	userAgent = "handwritten/1.0"
	tool      = "anything-to-mp4"
	input     = "https://example.com/video.mov"
)

type params struct {
	Tool   string   `json:"tool"`
	Inputs []string `json:"inputs"`
}

type job struct {
	ID              string  `json:"id"`
	Status          string  `json:"status"`
	Tool            string  `json:"tool"`
	Progress        float64 `json:"progress"`
	ProgressMessage string  `json:"progressMessage"`
	OutputURL       string  `json:"outputUrl"`
	OutputFilename  string  `json:"outputFilename"`
	OutputSize      int64   `json:"outputSize"`
	CreditsReserved int64   `json:"creditsReserved"`
	CreditsCharged  int64   `json:"creditsCharged"`
	ErrorMessage    string  `json:"errorMessage"`
	Poll            string  `json:"poll"`
}

type account struct {
	Credits        int64 `json:"credits"`
	TotalPurchased int64 `json:"totalPurchased"`
}

// setHeader sets what a call carries.
func setHeader(h http.Header, hasBody bool) {
	h.Set("Authorization", "Bearer "+key)
	h.Set("Accept", "application/json")
	h.Set("User-Agent", userAgent)
	if hasBody {
		h.Set("Content-Type", "application/json")
	}
}

// decode reads a successful answer.
func decode(resp *http.Response, out any) error {
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the service answered %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
