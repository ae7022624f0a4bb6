// Package metrics counts what runs do and tells it to Prometheus. It keeps to names
// of syncs and connections, codes of the catalogue and numbers: nothing in it is
// about a person. Labels are bounded, and it asks for nothing that it is not given.
package metrics

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kith-sync/kith/store"
)

// Metrics are those of one process, in a registry of their own.
type Metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	duration *prometheus.HistogramVec
	rows     *prometheus.CounterVec
	rejects  *prometheus.CounterVec
	names    *names
}

// Now is what is true at the moment when somebody asks.
type Now struct {
	Success   map[string]time.Time // when a sync last went well, by its name
	Next      map[string]time.Time // when it runs next by its schedule
	Waiting   int                  // jobs that nobody has begun
	Oldest    time.Duration        // how long the first of them has waited
	Calls     map[string]int64     // that a connection made today
	Remaining map[string]int64     // that it may still make today
}

// New returns metrics that have counted nothing yet. Look is asked for the moment's
// state whenever somebody looks.
func New(version string, look func(context.Context) (Now, error)) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{registry: prometheus.NewRegistry(), names: &names{seen: map[string]bool{}},
		runs: counter("kith_run_total", "Runs that ended, by their result.", "sync", "result"),
		rows: counter("kith_rows_total", "Records that runs dealt with, by what became of them.", "sync", "action"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kith_run_duration_seconds", Help: "How long runs took.",
			Buckets: []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400}}, []string{"sync"}),
		rejects: counter("kith_rejects_total", "Records that did not get through, by the code of the reason.", "sync", "code"),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kith_build_info", Help: "Always 1; its labels name the program.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.runs, m.duration, m.rows, m.rejects, build, &moment{look: look, names: m.names},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Ran counts a run that has ended. Refused are its records that did not get through,
// by reason.
func (m *Metrics) Ran(r store.Run, refused map[string]int64) {
	sync := m.names.label(r.Name)
	m.runs.WithLabelValues(sync, string(r.Status)).Inc()
	if !r.Finished.IsZero() {
		m.duration.WithLabelValues(sync).Observe(r.Took().Seconds())
	}
	if !r.Counted() {
		return // what failed or was only looked at is no record dealt with
	}
	for action, n := range map[string]int64{
		"created": r.Totals.Created, "updated": r.Totals.Updated, "unchanged": r.Totals.Unchanged, "deleted": r.Totals.Deleted,
		"skipped": r.Totals.Skipped, "held": r.Totals.Held, "rejected": r.Totals.Rejected, "failed": r.Totals.Failed,
	} {
		m.rows.WithLabelValues(sync, action).Add(float64(n))
	}
	for code, n := range refused {
		m.rejects.WithLabelValues(sync, code).Add(float64(n))
	}
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// moment is asked again every time somebody looks.
type moment struct {
	look  func(context.Context) (Now, error)
	names *names
}

// lookTimeout is how long the state may take: a database that is busy is not asked
// for ever.
const lookTimeout = 5 * time.Second

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe says nothing: what there is differs from time to time.
func (m *moment) Describe(chan<- *prometheus.Desc) {}

// Collect tells how things are now.
func (m *moment) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	now, err := m.look(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(gauge("kith_queue_depth", "Jobs that wait."), err)
		return
	}
	one := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	times := func(d *prometheus.Desc, at map[string]time.Time) {
		latest := map[string]float64{} // several names may share a label
		for name, t := range at {
			label := m.names.label(name)
			latest[label] = max(latest[label], float64(t.Unix()))
		}
		for label, t := range latest {
			one(d, t, label)
		}
	}
	times(gauge("kith_last_success_timestamp_seconds", "When a sync last went well.", "sync"), now.Success)
	times(gauge("kith_next_run_timestamp_seconds", "When a sync runs next by its schedule.", "sync"), now.Next)
	one(gauge("kith_queue_depth", "Jobs that wait."), float64(now.Waiting))
	one(gauge("kith_queue_age_seconds", "How long the first of them has waited."), now.Oldest.Seconds())
	calls := func(d *prometheus.Desc, counted map[string]int64) {
		for name, n := range counted {
			one(d, float64(n), name)
		}
	}
	calls(gauge("kith_api_calls_today", "Calls that a connection made today (UTC).", "connection"), now.Calls)
	calls(gauge("kith_rate_limit_remaining", "Calls that a connection may still make today.", "connection"), now.Remaining)
}

// oneFile begins the names of what import keeps of single files: they share a label,
// for there may be very many, and a file may be called after somebody.
const oneFile = "import-"

func shared(name string) bool { return strings.HasPrefix(name, oneFile) }
