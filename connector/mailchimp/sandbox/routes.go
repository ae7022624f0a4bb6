package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Sandbox) router() *http.ServeMux {
	mux := http.NewServeMux()
	add := func(pattern string, h http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /3.0"+path, s.signedIn(h))
	}
	add("GET /{$}", s.root)
	add("GET /ping", s.ping)
	add("GET /lists", s.lists)
	add("GET /lists/{list}", s.list(s.oneList))
	add("POST /lists/{list}", s.list(s.batchAdd))
	add("GET /lists/{list}/merge-fields", s.list(s.mergeFields))
	add("POST /lists/{list}/merge-fields", s.list(s.addMergeField))
	add("GET /lists/{list}/tag-search", s.list(s.searchTags))
	add("GET /lists/{list}/members", s.list(s.listMembers))
	add("POST /lists/{list}/members", s.list(s.addMember))
	add("GET /lists/{list}/members/{member}", s.one(s.getMember))
	add("PUT /lists/{list}/members/{member}", s.list(s.putMember))
	add("PATCH /lists/{list}/members/{member}", s.one(s.patchMember))
	add("DELETE /lists/{list}/members/{member}", s.one(s.archiveMember))
	add("POST /lists/{list}/members/{member}/actions/delete-permanent", s.one(s.deleteForGood))
	add("GET /lists/{list}/members/{member}/tags", s.one(s.memberTags))
	add("POST /lists/{list}/members/{member}/tags", s.one(s.tagMember))
	add("POST /batches", s.startBatch)
	add("GET /batches/{batch}", s.batchStatus)
	mux.HandleFunc("GET /batch-results/{batch}", s.batchResults)
	mux.HandleFunc("GET /oauth2/authorize", s.authorize)
	mux.HandleFunc("POST /oauth2/token", s.token)
	mux.HandleFunc("GET /oauth2/metadata", s.metadata)
	mux.HandleFunc("/", s.signedIn(func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, notFound) }))
	return mux
}

// signedIn lets in whoever has the key: as the password of any user, or as the
// token of OAuth.
func (s *Sandbox) signedIn(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, key, basic := r.BasicAuth()
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !basic && slices.Contains([]string{"bearer", "oauth", "apikey"}, strings.ToLower(kind)) {
			key = token
		}
		if key != s.options.Key {
			s.refuse(w, badKey)
			return
		}
		if override := r.Header.Get("X-Http-Method-Override"); override != "" && r.Method != http.MethodPost {
			s.refuse(w, problem{http.StatusUnprocessableEntity, "Method Override Not Allowed", "The method can be overridden with POST only.", nil})
			return
		}
		h(w, r)
	}
}

// list finds the audience; what it calls holds the lock.
func (s *Sandbox) list(h func(http.ResponseWriter, *http.Request, *Audience)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		i := slices.IndexFunc(s.audiences, func(a *Audience) bool { return a.ID == r.PathValue("list") })
		s.mu.Unlock()
		if i < 0 {
			s.refuse(w, notFound)
			return
		}
		h(w, r, s.audiences[i])
	}
}

// one finds the member, too.
func (s *Sandbox) one(h func(http.ResponseWriter, *http.Request, *Audience, int32)) http.HandlerFunc {
	return s.list(func(w http.ResponseWriter, r *http.Request, a *Audience) {
		s.mu.Lock()
		n, ok := a.find(r.PathValue("member"))
		s.mu.Unlock()
		if !ok {
			s.refuse(w, notFound)
			return
		}
		h(w, r, a, n)
	})
}

func (s *Sandbox) root(w http.ResponseWriter, r *http.Request) {
	answer(w, r, map[string]any{"account_id": "5a8d2f4e0000400080000001", "login_id": "1", "account_name": "Kith Sandbox", "email": "owner@example.com", "role": "owner"})
}

func (s *Sandbox) ping(w http.ResponseWriter, r *http.Request) {
	answer(w, r, map[string]any{"health_status": "Everything's Chimpy!"})
}

func (s *Sandbox) lists(w http.ResponseWriter, r *http.Request) {
	count, offset, ok := s.page(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []map[string]any{}
	for _, a := range s.audiences {
		all = append(all, a.about())
	}
	answer(w, r, map[string]any{"lists": slice(all, count, offset), "total_items": len(all),
		"constraints": map[string]any{"may_create": true, "max_instances": 100, "current_total_instances": len(all)}})
}

func (s *Sandbox) oneList(w http.ResponseWriter, r *http.Request, a *Audience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer(w, r, a.about())
}

func (a *Audience) about() map[string]any {
	by := map[string]int{}
	for i := range a.members {
		if a.members[i].turn >= 0 {
			by[a.members[i].status]++
		}
	}
	return map[string]any{"id": a.ID, "web_id": 1000, "name": a.Name, "permission_reminder": "You signed up at our stand.", "email_type_option": false, "double_optin": false,
		"visibility": "prv", "date_created": "2026-01-01T00:00:00+00:00",
		"stats": map[string]any{"member_count": by["subscribed"], "unsubscribe_count": by["unsubscribed"], "cleaned_count": by["cleaned"], "merge_field_count": len(a.fields), "total_contacts": len(a.members)}}
}

func (s *Sandbox) mergeFields(w http.ResponseWriter, r *http.Request, a *Audience) {
	count, offset, ok := s.page(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []map[string]any{}
	for i := range a.fields {
		all = append(all, a.aboutField(i))
	}
	answer(w, r, map[string]any{"merge_fields": slice(all, count, offset), "list_id": a.ID, "total_items": len(all), "merge_field_limit": maxFields})
}

// maxFields is how many merge fields an audience can have.
const maxFields = 30

func (a *Audience) aboutField(i int) map[string]any {
	f := a.fields[i]
	options := map[string]any{}
	switch f.Type {
	case "text":
		options["size"] = 25
	case "address":
		options["default_country"] = 164
	case "phone":
		options["phone_format"] = map[bool]string{true: "US", false: "International"}[f.PhoneFormat == "US"]
	case "date":
		options["date_format"] = "MM/DD/YYYY"
	case "birthday":
		options["date_format"] = "MM/DD"
	case "radio", "dropdown":
		options["choices"] = append([]string{}, f.Choices...)
	}
	return map[string]any{"merge_id": i + 1, "tag": f.Tag, "name": f.Name, "type": f.Type, "required": f.Required, "default_value": "", "public": false,
		"display_order": i + 2, "options": options, "help_text": "", "list_id": a.ID}
}

func (s *Sandbox) addMergeField(w http.ResponseWriter, r *http.Request, a *Audience) {
	var body struct {
		Tag, Name, Type string
		Required        bool
		Options         struct {
			Choices     []string `json:"choices"`
			PhoneFormat string   `json:"phone_format"`
		}
	}
	if !s.read(w, r, &body) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tag := strings.ToUpper(body.Tag)
	switch {
	case len(a.fields) >= maxFields:
		s.refuse(w, problem{http.StatusBadRequest, "Merge Max Limit Exceeded", "This audience has as many merge fields as it can have.", nil})
	case body.Name == "" || body.Type == "":
		s.refuse(w, *invalid("The resource is not valid.", fieldError{"name", "Name and type are required."}))
	case len(tag) > 10 || a.mergeIndex(tag) >= 0:
		s.refuse(w, *invalid("The resource is not valid.", fieldError{"tag", "This tag is taken, or longer than 10 characters."}))
	default:
		a.fields = append(a.fields, MergeField{tag, body.Name, body.Type, body.Required, body.Options.Choices, body.Options.PhoneFormat})
		answer(w, r, a.aboutField(len(a.fields)-1))
	}
}

func (s *Sandbox) searchTags(w http.ResponseWriter, r *http.Request, a *Audience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []map[string]any{}
	for i, name := range a.tags {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(r.URL.Query().Get("name"))) {
			found = append(found, map[string]any{"id": i + 1, "name": name})
		}
	}
	answer(w, r, map[string]any{"tags": found, "total_items": len(found)})
}
