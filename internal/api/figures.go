package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wakebell/wakebell/internal/base/clock"
)

// figures is what /metrics shows. Labels are routes, methods and states: few, and never about a person.
type figures struct {
	face     *face
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	serve    http.HandlerFunc

	writes, groups, aborts, jobs, missed, open, mails, build *prometheus.Desc
}

// scrapeTime bounds what one look at the figures may cost the database.
const scrapeTime = 3 * time.Second

func (f *face) newFigures() *figures {
	g := &figures{
		face: f,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wakebell_http_requests_total", Help: "HTTP requests served.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wakebell_http_request_seconds", Help: "Time to serve an HTTP request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route"}),
		writes: prometheus.NewDesc("wakebell_db_writes_total", "Writes committed.", nil, nil),
		groups: prometheus.NewDesc("wakebell_db_groups_total", "Transactions that carried them; writes by groups is the mean group.", nil, nil),
		aborts: prometheus.NewDesc("wakebell_db_group_aborts_total", "Groups the engine aborted and that were run again one by one.", nil, nil),
		jobs:   prometheus.NewDesc("wakebell_jobs", "Jobs that are not finished; dead ones were given up.", []string{"state"}, nil),
		open:   prometheus.NewDesc("wakebell_duties_open", "Duties that are open.", nil, nil),
		missed: prometheus.NewDesc("wakebell_duties_missed", "Open duties past their due time.", nil, nil),
		mails:  prometheus.NewDesc("wakebell_outbox", "Messages of the outbox.", []string{"state"}, nil),
		build:  prometheus.NewDesc("wakebell_build_info", "The version that runs.", []string{"version"}, nil),
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(g.requests, g.took, g)
	g.serve = promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP
	return g
}

// count adds one request. The route is the pattern, never the path: a path may hold a secret.
func (g *figures) count(c *call) {
	route := c.r.Pattern
	if route == "" {
		route = "none"
	}
	method := c.r.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	g.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	g.took.WithLabelValues(method, route).Observe(c.face.Clock.Real().Sub(c.began).Seconds())
}

// Describe and Collect make figures a collector of what is read at the moment of the question.
func (g *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.writes, g.groups, g.aborts, g.jobs, g.open, g.missed, g.mails, g.build} {
		ch <- d
	}
}

// Collect reads the figures. What cannot be read is left out: /readyz says why.
func (g *figures) Collect(ch chan<- prometheus.Metric) {
	f := g.face
	ctx, cancel := context.WithTimeout(clock.Background(), scrapeTime)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s := f.DB.Stats()
	for d, v := range map[*prometheus.Desc]uint64{g.writes: s.Writes, g.groups: s.Groups, g.aborts: s.Aborts} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	gauge(g.build, 1, f.Version)
	if jobs, err := f.Jobs.Stats(ctx); err == nil {
		for state, n := range jobs {
			gauge(g.jobs, float64(n), string(state))
		}
	}
	var open, missed int64
	err := f.DB.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN due_at > 0 AND due_at < ? THEN 1 ELSE 0 END), 0) FROM duty WHERE state = 'open'`,
		clock.Micros(f.Clock.Now())).Scan(&open, &missed)
	if err == nil {
		gauge(g.open, float64(open))
		gauge(g.missed, float64(missed))
	}
	rows, err := f.DB.Query(ctx, `SELECT state, COUNT(*) FROM mail_outbox GROUP BY state`)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int64
		if rows.Scan(&state, &n) == nil {
			gauge(g.mails, float64(n), state)
		}
	}
	if err := rows.Err(); err != nil {
		f.Log.Warn("figures of the outbox", "error", err)
	}
}
