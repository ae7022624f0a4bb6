package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
)

// The codes of faults about a name that no entry has.
const (
	noSuchObject = "32"
	invalidName  = "34"
)

// noStartTLS is a directory's refusal to encrypt.
type noStartTLS struct{ error }

func (e noStartTLS) Unwrap() error { return e.error }

// handshakeError is what came in the way of TLS.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error { return e.error }

// fault says what an error means. What a person has stopped stays ctx.Err, and a
// fault stays what it is: the dial function has its own reasons.
func (d *Directory) fault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *connector.Fault
	if errors.As(err, &known) {
		return known
	}
	if fault := d.encryption(err); fault != nil {
		fault.Err = err
		return fault
	}
	fault := d.answer(err)
	fault.Err = err
	return fault
}

// encryption names what is wrong with TLS, nil when it is something else.
func (d *Directory) encryption(err error) *connector.Fault {
	var (
		refused noStartTLS
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		stale   x509.CertificateInvalidError
		plain   tls.RecordHeaderError
		other   *tls.CertificateVerificationError
		failed  handshakeError
		remote  *net.OpError
	)
	name := d.where.Hostname()
	switch {
	case errors.As(err, &refused):
		return invalid("%s does not encrypt with StartTLS. Use ldaps://, or ask its administrator.", name)
	case errors.As(err, &plain):
		return invalid("%s does not speak TLS on this port. Use ldap:// with StartTLS, or the port for ldaps.", name)
	case errors.As(err, &unknown):
		return denied("The certificate of %s is signed by an authority that is not known here. Add the authority's certificate.", name)
	case errors.As(err, &host):
		return denied("The certificate of the directory is not for %s. Use the name that is in it.", name)
	case errors.As(err, &stale) && stale.Reason == x509.Expired:
		return denied("The certificate of %s has expired or is not valid yet. Ask its administrator for a new one.", name)
	case errors.As(err, &other), errors.As(err, &stale):
		return denied("The certificate of %s is not valid. Ask its administrator for a new one.", name)
	case !errors.As(err, &failed):
		return nil
	case errors.As(err, &remote) && remote.Op != "remote error", errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return &connector.Fault{Kind: connector.Busy, Message: "The connection to " + name + " ended before it was encrypted. If this stays so, look whether its port speaks TLS."}
	}
	return denied("The connection to %s could not be encrypted: its version of TLS or its certificate is not accepted here. Ask its administrator.", name)
}

// answer says what a result code means. Whatever is none is the network's.
//
//	49 48 50 7 123  who signs in is wrong, or may not        Denied
//	8 13            only over an encrypted connection        Denied
//	53              it will not, for this account            Denied
//	32 34           no such base                             Invalid
//	10              the base is on another server            Invalid
//	4 11            more people than it will list            Invalid
//	3 51 52 80 81   not now                                  Busy
//	200 and above   the connection                           Busy
//	others          the request is no good                   Invalid
func (d *Directory) answer(err error) *connector.Fault {
	var result *ldapv3.Error
	if !errors.As(err, &result) || result.ResultCode >= ldapv3.ErrorNetwork && result.ResultCode != ldapv3.ErrorFilterCompile {
		return &connector.Fault{Kind: connector.Busy, Message: d.where.Hostname() + " cannot be reached."}
	}
	fault := d.result(result.ResultCode)
	fault.Code = strconv.Itoa(int(result.ResultCode))
	return fault
}

func (d *Directory) result(code uint16) *connector.Fault {
	name, base := d.where.Hostname(), d.settings.BaseDN
	switch code {
	case ldapv3.LDAPResultInvalidCredentials, ldapv3.LDAPResultInappropriateAuthentication:
		return denied("%s refused the bind DN or the password. Check both and reconnect.", name)
	case ldapv3.LDAPResultInsufficientAccessRights, ldapv3.LDAPResultAuthorizationDenied,
		ldapv3.LDAPResultAuthMethodNotSupported, ldapv3.LDAPResultUnwillingToPerform:
		return denied("%s does not allow this account to read %s. Ask its administrator.", name, base)
	case ldapv3.LDAPResultStrongAuthRequired, ldapv3.LDAPResultConfidentialityRequired:
		return denied("%s lets nobody in without encryption. Use ldaps:// or StartTLS.", name)
	case ldapv3.LDAPResultNoSuchObject, ldapv3.LDAPResultInvalidDNSyntax:
		return invalid("The directory has no %s, or this account may not see it. Check the base.", base)
	case ldapv3.LDAPResultReferral:
		return elsewhere(base)
	case ldapv3.LDAPResultSizeLimitExceeded, ldapv3.LDAPResultAdminLimitExceeded:
		return invalid("%s lists fewer people to this account than there are, so nobody is read. Ask its administrator to raise the size limit, or narrow the filter.", name)
	case ldapv3.LDAPResultBusy, ldapv3.LDAPResultUnavailable, ldapv3.LDAPResultTimeLimitExceeded, ldapv3.LDAPResultOther, ldapv3.LDAPResultServerDown:
		return &connector.Fault{Kind: connector.Busy, Message: name + " is busy."}
	}
	return invalid("%s does not understand the request (%s). Check the filter and the attributes.", name, ldapv3.LDAPResultCodeMap[code])
}

// elsewhere is about a part of the base that another server has.
func elsewhere(base string) *connector.Fault {
	return invalid("Part of %s is on another server, so this one cannot list everybody. Choose a base that is on one server.", base)
}

func denied(format string, args ...any) *connector.Fault {
	fault := invalid(format, args...)
	fault.Kind = connector.Denied
	return fault
}
