package editkittest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"time"
)

const (
	outputsPath  = "/outputs/"
	linkLifetime = time.Hour
	linkTime     = "20060102T150405Z"
)

// mintLink returns a fresh link to the output of a job.
func (e *Emulator) mintLink(storage string, j *job, now time.Time) string {
	path := outputsPath + j.id + "/" + linkName(j.output.name)
	date := now.UTC().Format(linkTime)
	expires := strconv.Itoa(int(linkLifetime / time.Second))
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"},
		"X-Amz-Date":      {date},
		"X-Amz-Expires":   {expires},
		"X-Amz-Signature": {e.signLink(path, date, expires)},
	}
	return storage + path + "?" + query.Encode()
}

// linkName escapes a file name for use as the last segment of a path.
func linkName(name string) string {
	switch name {
	case "", ".", "..": // would be taken for a place in the tree
		return "output"
	}
	return url.PathEscape(name)
}

// signLink signs what must not change in a link. The path is the escaped one.
func (e *Emulator) signLink(path, date, expires string) string {
	mac := hmac.New(sha256.New, e.linkKey)
	mac.Write([]byte(path + "\n" + date + "\n" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// linkState says whether a link may be used.
type linkState int

const (
	linkValid linkState = iota
	linkForged
	linkExpired
)

func (e *Emulator) checkLink(u *url.URL, now time.Time) linkState {
	query := u.Query()
	date, expires := query.Get("X-Amz-Date"), query.Get("X-Amz-Expires")
	want := e.signLink(u.EscapedPath(), date, expires)
	if !hmac.Equal([]byte(query.Get("X-Amz-Signature")), []byte(want)) {
		return linkForged
	}
	minted, err := time.Parse(linkTime, date)
	seconds, err2 := strconv.Atoi(expires)
	if err != nil || err2 != nil {
		return linkForged
	}
	if !now.Before(minted.Add(time.Duration(seconds) * time.Second)) {
		return linkExpired
	}
	return linkValid
}
