package web

import (
	"errors"
	"net/http"
	"time"
)

// How large a form may be and how long it may take to come. Only a file that
// somebody imports may be larger and slower, once they may import at all: a stranger
// cannot fill the disk, nor hold a connection for half an hour.
const (
	mostForm      = 4 << 20
	mostStranger  = 64 << 10 // of a form that anybody may send, and that is stored
	mostUpload    = 2 << 30
	formArrives   = 30 * time.Second
	uploadArrives = 30 * time.Minute
)

var errForm = &problem{http.StatusBadRequest, "The form did not arrive whole", "Nothing was changed. Go back, and send it once more."}

// receive reads a form whole before anything is done: of half a form the other half
// would look as if it had been left blank. One that does not come in time ends its
// connection.
func (v *visit) receive(r route) error {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		return nil
	}
	most, arrives, control := int64(mostForm), formArrives, http.NewResponseController(v.w)
	switch {
	case r.upload:
		most, arrives = mostUpload, uploadArrives
	case r.small:
		most = mostStranger
	}
	_ = control.SetReadDeadline(time.Now().Add(arrives)) // a writer of tests has none
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, most)
	err := v.r.ParseForm()
	if err == nil {
		err = v.r.ParseMultipartForm(uploadMemory)
	}
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		v.w.Header().Del("Connection")
		_ = control.SetReadDeadline(time.Time{}) // or the work would be called off with it
		return nil
	case errors.As(err, new(*http.MaxBytesError)):
		return err
	}
	return errForm
}
