package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Allow access? | Salesforce sandbox</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f3f3f3}main{max-width:30rem;margin:4rem auto;background:#fff;padding:2rem;border:1px solid #ddd;border-radius:.5rem}
h1{font-size:1.3rem;margin-top:0}button{font:inherit;padding:.5rem 1.2rem;border-radius:.3rem;border:1px solid #555;background:#fff;cursor:pointer}button.yes{background:#0b5cab;border-color:#0b5cab;color:#fff}
label{display:block;margin:.3rem 0}small{color:#555}</style></head><body><main>
<h1>Allow access?</h1>
<p><strong>{{.Client}}</strong> asks to read and change the data of <strong>{{.Org}}</strong>{{if .Offline}}, also when you are not there{{end}}.</p>
<form method="post">
{{range $k, $v := .Hidden}}<input type="hidden" name="{{$k}}" value="{{$v}}">
{{end}}<p>You are</p>
{{range .Users}}<label><input type="radio" name="user" value="{{.ID}}"{{if .First}} checked{{end}}> {{.Name}} <small>{{.Username}}</small></label>
{{end}}<p><button class="yes" name="answer" value="allow" id="allow">Allow</button> <button name="answer" value="deny" id="deny">Deny</button></p>
</form><p><small>This is a sandbox: nobody here is real.</small></p></main></body></html>
`))

// authorize shows the consent page, and takes the answer to it back to the app.
func (s *Sandbox) authorize(c *call, form url.Values) answer {
	redirect, err := url.Parse(form.Get("redirect_uri"))
	switch {
	case form.Get("client_id") != s.clientID():
		return s.page400("error=invalid_client_id&error_description=client%20identifier%20invalid")
	case err != nil || redirect.Scheme == "" || redirect.Host == "":
		return s.page400("error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration")
	case form.Get("response_type") != "code":
		return back(redirect, url.Values{"error": {"unsupported_response_type"}, "error_description": {"response type not supported"}, "state": form["state"]})
	case c.method == http.MethodPost && form.Get("answer") == "allow":
		return s.allow(redirect, form)
	case c.method == http.MethodPost:
		return back(redirect, url.Values{"error": {"access_denied"}, "error_description": {"end-user denied authorization"}, "state": form["state"]})
	}
	return s.consent(form)
}

func (s *Sandbox) page400(text string) answer {
	return answer{status: http.StatusBadRequest, text: text, kind: "text/plain; charset=utf-8"}
}

// back sends the browser to the app.
func back(redirect *url.URL, with url.Values) answer {
	q := redirect.Query()
	for k, v := range with {
		if len(v) > 0 && v[0] != "" {
			q.Set(k, v[0])
		}
	}
	to := *redirect
	to.RawQuery = q.Encode()
	return answer{status: http.StatusFound, header: map[string]string{"Location": to.String()}, kind: "text/html; charset=utf-8"}
}

func (s *Sandbox) allow(redirect *url.URL, form url.Values) answer {
	user := s.admin
	if id, ok := wideID(form.Get("user")); ok && s.objects["user"].row(number(id)) != nil {
		user = number(id)
	}
	key := secret()
	s.sign.codes[key] = &code{form.Get("redirect_uri"), form.Get("code_challenge"), form.Get("scope"), user, s.now() + 15*60}
	return back(redirect, url.Values{"code": {key}, "state": form["state"]})
}

func (s *Sandbox) consent(form url.Values) answer {
	type person struct {
		ID, Name, Username string
		First              bool
	}
	shown := struct {
		Client, Org string
		Offline     bool
		Hidden      map[string]string
		Users       []person
	}{Client: s.clientID(), Org: s.orgName(), Hidden: map[string]string{}}
	shown.Offline = strings.Contains(form.Get("scope"), "refresh_token")
	for _, k := range []string{"response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge"} {
		if v := form.Get(k); v != "" {
			shown.Hidden[k] = v
		}
	}
	for _, r := range s.objects["user"].rows {
		if r != nil && len(shown.Users) < 5 {
			shown.Users = append(shown.Users, person{makeID("005", r.n), s.userValue(r.n, "Name"), s.userValue(r.n, "Username"), r.n == s.admin})
		}
	}
	var b strings.Builder
	if err := consentPage.Execute(&b, shown); err != nil { // our own values only
		panic(err)
	}
	return answer{status: http.StatusOK, text: b.String(), kind: "text/html; charset=utf-8", header: map[string]string{"Cache-Control": "no-store"}}
}

func (s *Sandbox) orgName() string {
	o := s.objects["organization"]
	return o.row(0).get(o.field("Name"))
}
