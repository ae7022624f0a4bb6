package workspace

import (
	"context"

	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/secret"
	"github.com/kith-sync/kith/store"
)

// SealChannel closes the secret of a notification channel for storing.
func (w *Workspace) SealChannel(ctx context.Context, name, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	box, err := w.box(ctx)
	if err != nil {
		return "", err
	}
	sealed, err := box.Seal(channelSecret(name), []byte(plain))
	return string(sealed), err
}

// OpenChannel returns the secret of a channel, which is not shown to anybody.
func (w *Workspace) OpenChannel(ctx context.Context, c store.Channel) (string, error) {
	if c.Secret == "" {
		return "", nil
	}
	box, err := w.box(ctx)
	if err != nil {
		return "", err
	}
	plain, err := box.Open(channelSecret(c.Name), secret.Sealed(c.Secret))
	return string(plain), err
}

func channelSecret(name string) secret.Where {
	return secret.Where{Table: "channel", Row: name, Column: "secret", Version: "1"}
}

// Sender returns what sends by a channel: through the guard of outgoing traffic,
// with its secret opened.
func (w *Workspace) Sender(ctx context.Context, c store.Channel) (send.Sender, error) {
	plain, err := w.OpenChannel(ctx, c)
	if err != nil {
		return nil, err
	}
	var o send.Options
	if o.Guard, err = w.egress(); err != nil {
		return nil, err
	}
	if path := c.Settings["ca"]; path != "" {
		if o.Roots, err = trust(path); err != nil {
			return nil, err
		}
	}
	return send.Open(send.Channel{Name: c.Name, Kind: c.Kind, Settings: c.Settings, Secret: plain}, o)
}
