package editkittest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// listeners are the two servers on loopback: one for the APIs and one for the
// storage, so that the host of downloads differs from that of the API.
type listeners struct {
	origins origins
	roots   *x509.CertPool // nil without TLS
	servers []*http.Server
	serving sync.WaitGroup // the loops that accept
	conns   sync.WaitGroup // the open connections
}

// listen starts both servers. The requests' contexts end with base.
func listen(base context.Context, handler http.Handler, http2 bool) (*listeners, error) {
	l := &listeners{}
	var config *tls.Config
	scheme := "http://"
	if http2 {
		cert, roots, err := newCertificate()
		if err != nil {
			return nil, err
		}
		l.roots = roots
		config = &tls.Config{Certificates: []tls.Certificate{cert}}
		scheme = "https://"
	}
	var addresses [2]string
	for i := range addresses {
		listener, err := listenLoopback()
		if err != nil {
			l.close()
			return nil, err
		}
		addresses[i] = scheme + listener.Addr().String()
		server := &http.Server{
			Handler:           handler,
			TLSConfig:         config.Clone(),
			ReadHeaderTimeout: 30 * time.Second,
			BaseContext:       func(net.Listener) context.Context { return base },
			ConnState:         l.track,
			ErrorLog:          log.New(io.Discard, "", 0),
		}
		l.servers = append(l.servers, server)
		l.serving.Go(func() {
			if http2 { // both return when the server is closed
				_ = server.ServeTLS(listener, "", "")
			} else {
				_ = server.Serve(listener)
			}
		})
	}
	l.origins = origins{api: addresses[0], storage: addresses[1], tools: addresses[0], files: addresses[1]}
	return l, nil
}

func listenLoopback() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		var err6 error
		if listener, err6 = net.Listen("tcp", "[::1]:0"); err6 != nil {
			return nil, errors.Join(err, err6)
		}
	}
	return listener, nil
}

// track counts the open connections.
func (l *listeners) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.conns.Done()
	default: // still open
	}
}

// close ends the servers and their connections, and waits for that.
func (l *listeners) close() {
	for _, s := range l.servers {
		s.Close()
	}
	l.serving.Wait()
	for _, s := range l.servers {
		s.Close() // connections that were accepted meanwhile
	}
	l.conns.Wait()
}

// newTransport returns a transport to the servers.
func (l *listeners) newTransport() *http.Transport {
	t := &http.Transport{MaxIdleConnsPerHost: 64, ExpectContinueTimeout: time.Second}
	if l.roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: l.roots}
		t.ForceAttemptHTTP2 = true
	}
	return t
}

// newCertificate makes a certificate for loopback addresses that vouches for
// itself.
func newCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "editkittest"},
		NotBefore:             time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:              []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots, nil
}
