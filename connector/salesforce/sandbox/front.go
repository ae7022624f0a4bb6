package sandbox

import "net/http"

// front answers outside the API: a page that says what this is.
func (s *Sandbox) front(c *call) answer {
	if c.path != "/" {
		return answer{status: http.StatusNotFound, text: "URL No Longer Exists", kind: "text/html"}
	}
	text := "Salesforce sandbox of " + s.orgName() + "\n\nREST: " + c.host + "/services/data/\nSign in: " + c.host + "/services/oauth2/authorize\n"
	return answer{status: http.StatusOK, text: text, kind: "text/plain; charset=utf-8"}
}
