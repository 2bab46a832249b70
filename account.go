package editkit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/editkit/editkit-go/internal/lenient"
)

// AccountService tells about the account at EditClips. It is a field of [Client].
type AccountService struct {
	client *Client
}

// Balance is what is left of an account's credits. What is reserved for running
// jobs is already taken off Credits (inferred).
// Source: editclips.online/docs/quickstart.
type Balance struct {
	Credits        int64
	TotalPurchased int64 // credits bought so far, without the free ones (inferred)

	// Raw is the answer as it came.
	Raw json.RawMessage
}

// Balance returns the account's credits: GET /balance.
func (s *AccountService) Balance(ctx context.Context, opts ...CallOption) (*Balance, error) {
	if s == nil {
		return nil, errNotNew
	}
	ep, err := s.client.endpoint(EditClips)
	if err != nil {
		return nil, err
	}
	return fetch(ctx, s.client, ep, &operation{
		name:   "GET /balance",
		method: http.MethodGet,
		path:   "/balance",
	}, opts, decodeBalance)
}

func decodeBalance(b []byte) (*Balance, error) {
	var w struct {
		Credits        *lenient.Int `json:"credits"`
		TotalPurchased lenient.Int  `json:"totalPurchased"`
	}
	if err := unmarshalLeniently(b, &w); err != nil {
		return nil, err
	}
	if w.Credits == nil { // an account without credits says 0
		return nil, fmt.Errorf("%w: it is no balance, for it has no credits", errUnreadable)
	}
	return &Balance{Credits: int64(*w.Credits), TotalPurchased: int64(w.TotalPurchased), Raw: b}, nil
}

// The larger side of a picture, in px, up to which a minute costs one credit, and
// up to which it costs two. Beyond that it costs four.
const (
	oneCreditSide  = 720
	twoCreditsSide = 1080
)

// EstimateCredits returns what a job will probably cost, by the published formula:
// the minutes of the input, begun ones counted whole, times 1, 2 or 4 by its larger
// side; at least 1, and times 1 for "auto-subtitles". Without Duration it is 1, which
// is what the service then reserves.
//
// It is an estimate only. The service measures the input and charges by that, and
// its documentation contradicts itself: an example charges 1 for what the formula
// makes 4. Job.CreditsCharged is what counts.
// Source: editclips.online/docs/guides/billing.
func EstimateCredits(p JobParams) int64 {
	if p.Duration <= 0 {
		return 1
	}
	minutes := int64(p.Duration / time.Minute)
	if p.Duration%time.Minute > 0 {
		minutes++
	}
	switch side := max(p.Width, p.Height); {
	case p.Tool == "auto-subtitles", side <= oneCreditSide:
		return minutes
	case side <= twoCreditsSide:
		return 2 * minutes
	default:
		return 4 * minutes
	}
}
