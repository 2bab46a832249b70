package engine

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// isDialError reports whether no connection came about.
func isDialError(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isPermanent reports whether trying again can't help: there is no such host, or
// it is not the one it should be.
func isPermanent(err error) bool {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		rec  tls.RecordHeaderError
	)
	return errors.As(err, &dns) && dns.IsNotFound ||
		errors.As(err, &cert) || errors.As(err, &rec) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		errors.Is(err, ErrBodyTooLarge)
}

// WithoutURL takes off a *url.Error, whose text repeats the address with its query.
func WithoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
