package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/kith-sync/kith/demo"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/sandbox"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/workspace"
)

// joinDemo plays the systems that the demo is joined to until ctx is done, connects
// its data folder to them and plays the beginning of the recipes.
func (a *app) joinDemo(ctx context.Context, folder string, playing *sync.WaitGroup) error {
	for _, s := range demo.Systems() {
		if err := a.joinSystem(ctx, folder, s, playing); err != nil {
			return err
		}
	}
	return stopped(ctx, demo.Join(ctx, a.demoStage(folder, nil)))
}

func (a *app) joinSystem(ctx context.Context, folder string, joined demo.System, playing *sync.WaitGroup) error {
	system, err := sandbox.Named(joined.Name)
	if err != nil {
		return err
	}
	l, err := listenNear(ctx, system.Port)
	if err != nil {
		return refuse(codeAddress, "Nothing can listen on 127.0.0.1: %v", innermost(err))
	}
	address := "http://" + l.Addr().String()
	play := system.Begin(sandbox.Options{URL: address, Seed: true, Now: a.Now})
	log := slog.New(slog.NewJSONHandler(a.Stderr, nil))
	playing.Go(func() {
		if err := server.Serve(ctx, l, play.Handler, log); err != nil {
			log.Error("a sandbox has stopped", "system", system.Name, "error", err)
		}
	})
	if err := allow(filepath.Join(folder, demoData, workspace.AllowName), l.Addr()); err != nil {
		return err
	}
	add := []string{"connections", "add", joined.Connection, "--type", system.Name}
	for _, s := range play.Settings {
		add = append(add, "--set", s.Name+"="+s.Value)
	}
	stage := a.demoStage(folder, map[string]string{"KITH_SECRET": play.Secret})
	if err := stopped(ctx, stage.Do(ctx, add...)); err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "  %-10s  is played at %s, with invented people: the connection %s\n", system.Title, address, desk.Cell(joined.Connection))
	return nil
}

// listenNear listens on a port of this computer, or on another where that is taken.
func listenNear(ctx context.Context, port int) (net.Listener, error) {
	l, err := server.Listen(ctx, server.Options{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
	if err == nil {
		return l, nil
	}
	return server.Listen(ctx, server.Options{Address: "127.0.0.1:0"})
}

// allow lets connections of a data folder reach an address of this computer.
func allow(path string, at net.Addr) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, at); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
