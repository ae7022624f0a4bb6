// Package server listens: it puts the pages, the API and what operators look at
// behind one address, with the limits and time-outs that the open network asks
// for, and stops so that everything can be resumed.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/kith-sync/kith/api"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/web"
)

// Options say where a server listens.
type Options struct {
	Address     string // host:port
	Certificate string // files of a TLS certificate and its key; empty: plain HTTP
	Key         string
	BehindProxy bool // a proxy speaks TLS with the world: plain HTTP is meant
	Log         *slog.Logger
}

// ErrOpen is returned for an address that others can reach without TLS.
var ErrOpen = errors.New("others could read passwords on the way to this address. " +
	"Listen on 127.0.0.1, name a certificate with --tls-cert and --tls-key, or say --behind-proxy when a proxy in front speaks TLS")

// Time-outs and limits: slow and endless requests end (reliability.md 8, row 24).
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Minute // of a large upload
	writeTimeout  = 30 * time.Minute // of a large download; event streams have none
	idleTimeout   = 2 * time.Minute
	headerBytes   = 64 << 10
	stopTimeout   = 10 * time.Second
)

// Listen opens the address. It refuses one that is not safe.
func Listen(ctx context.Context, o Options) (net.Listener, error) {
	if o.Certificate == "" && !o.BehindProxy && !loopback(o.Address) {
		return nil, ErrOpen
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil || o.Certificate == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the TLS certificate cannot be used: %w", err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}), nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Handler is everything that a service offers over HTTP.
func Handler(s *service.Service) (http.Handler, error) {
	pages, err := web.New(s)
	if err != nil {
		return nil, err
	}
	programs := api.New(s, pages.Who)
	viewer, err := programs.Viewer()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("GET /api", pages.Framed("The API", viewer))
	mux.Handle("/api/", programs)
	mux.Handle("GET /metrics", figures(s))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Workspace.Store.Ping(r.Context()); err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	// A form on another site cannot do anything here (ASVS 3.5.1): browsers say
	// where a request comes from.
	return outer(s.BaseURL, http.NewCrossOriginProtection().Handler(mux)), nil
}

// Serve answers on l until ctx is done. Requests that have begun are finished.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx }}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- s.Shutdown(stop)
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
