package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kith-sync/kith/store"
)

// What a plan creates is not stored with it: it follows from the staged source.
// So the copy is looked at before the first write, and a plan whose copy is gone
// or is not what was read any more is refused (requirements 3.12).

// stageStands checks that the staged source of a plan is there and, where its
// contacts are made from it, unaltered.
func (e *Engine) stageStands(ctx context.Context, r store.Run) error {
	if r.Stage == "" {
		return nil
	}
	if _, err := e.Files.Stat(e.stagePath(r.Stage)); err != nil {
		return &Error{Code: CodeStageGone, Message: fmt.Sprintf(
			"The copy of the source that plan %s was made from is gone. Nothing was written. Make a new plan", short(r.PlanHash)), Err: err}
	}
	if r.Fresh || r.Totals.Created == 0 {
		return nil
	}
	hash, err := e.hashOfStage(ctx, r.Stage)
	if err != nil {
		return fmt.Errorf("staged source: %w", err)
	}
	if hash != r.SourceHash {
		return &Error{Code: CodeStageAltered, Message: fmt.Sprintf(
			"The copy of the source that plan %s was made from has been altered in the data folder. Nothing was written. Make a new plan", short(r.PlanHash))}
	}
	return nil
}

// hashOfStage is the SHA-256 of what was staged, also where it lies sealed.
func (e *Engine) hashOfStage(ctx context.Context, name string) (string, error) {
	file, err := e.Files.Open(e.stagePath(name))
	if err != nil {
		return "", err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(name, sealedStage) {
		if in, err = e.Vault.Decrypt(file); err != nil {
			return "", err
		}
	}
	sum := sha256.New()
	buffer := make([]byte, 256<<10)
	for {
		n, err := in.Read(buffer)
		sum.Write(buffer[:n])
		if err == io.EOF {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err := errors.Join(ctx.Err(), err); err != nil {
			return "", err
		}
	}
}
