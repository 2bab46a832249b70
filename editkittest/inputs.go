package editkittest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxInputBytes is the largest input that is fetched.
const maxInputBytes = 512 << 20

// errNoHostsAllowed says that nothing may be fetched at all.
var errNoHostsAllowed = errors.New("inputs are not fetched: AllowInputHosts names no hosts")

// inputFetcher downloads inputs, from the allowed hosts only.
type inputFetcher struct {
	hosts  []string // lower case; host or host:port
	client *http.Client
}

func newInputFetcher(hosts []string, transport http.RoundTripper) *inputFetcher {
	f := &inputFetcher{hosts: hosts}
	f.client = &http.Client{
		Transport: transport,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= 5 {
				return errors.New("too many redirects")
			}
			req.Header.Del("Referer")
			return f.check(req.URL)
		},
	}
	return f
}

// check refuses URLs that nothing may be fetched from.
func (f *inputFetcher) check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("input URL is neither http nor https")
	}
	if u.User != nil {
		return errors.New("input URL carries credentials")
	}
	if slices.Contains(f.hosts, strings.ToLower(u.Host)) || slices.Contains(f.hosts, strings.ToLower(u.Hostname())) {
		return nil
	}
	return fmt.Errorf("input host %q is not among those of AllowInputHosts", u.Host)
}

// fetch downloads an input into a new file in dir.
func (f *inputFetcher) fetch(ctx context.Context, dir, rawURL string) (string, error) {
	if len(f.hosts) == 0 {
		return "", errNoHostsAllowed
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", errors.New("input URL cannot be parsed")
	}
	if err := f.check(u); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("input URL cannot be requested")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		var ue *url.Error // its text holds the URL, which may hold secrets
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return "", fmt.Errorf("fetching the input from %s: %w", u.Host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("fetching the input from %s: status %d", u.Host, resp.StatusCode)
	}
	return save(resp.Body, dir, extension(u))
}

// save writes at most maxInputBytes into a new file.
func save(r io.Reader, dir, ext string) (name string, err error) {
	file, err := os.CreateTemp(dir, "input-*"+ext)
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, file.Close())
	}()
	n, err := io.Copy(file, io.LimitReader(r, maxInputBytes+1))
	if err != nil {
		return "", fmt.Errorf("fetching the input: %w", err)
	}
	if n > maxInputBytes {
		return "", fmt.Errorf("input is larger than %d bytes", int64(maxInputBytes))
	}
	return file.Name(), nil
}

var plainExtension = regexp.MustCompile(`^\.[a-zA-Z0-9]{1,8}$`)

// extension returns the extension of the file that u names, if it is harmless.
func extension(u *url.URL) string {
	if ext := path.Ext(u.Path); plainExtension.MatchString(ext) {
		return ext
	}
	return ""
}

// newInputTransport returns a transport for input URLs.
func newInputTransport() *http.Transport {
	return &http.Transport{
		DisableCompression:    true, // the bytes as they are
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       30 * time.Second,
	}
}
