package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// alive is the answer of /healthz.
type alive struct {
	Status  string `json:"status" example:"ok"`
	Version string `json:"version"`
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool    `json:"ready"`
	Checks []Check `json:"checks" nullable:"false"`
}

// forward asks for the test clock to be moved.
type forward struct {
	Forward string `json:"forward" doc:"a duration" example:"20m"`
}

// moved says what the server takes for now.
type moved struct {
	Now time.Time `json:"now"`
}

// system registers what operators and their monitors ask. It says nothing of any incident.
func (f *face) system() {
	const tag = "Operation"
	none := []map[string][]string{}
	f.plain("GET /healthz", func(_ http.ResponseWriter, r *http.Request) {
		callOf(r.Context()).json(http.StatusOK, alive{"ok", f.Version})
	}, &huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Tags: []string{tag}, Summary: "The process is alive", Security: none,
		Responses: f.responses(http.StatusOK, "application/json", schemaOf[alive](f)),
	})
	f.plain("GET /readyz", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		out := f.ready(r.Context())
		if !out.Ready {
			c.w.Header().Set("Retry-After", "5")
			c.json(http.StatusServiceUnavailable, out)
			return
		}
		c.json(http.StatusOK, out)
	}, &huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Tags: []string{tag}, Summary: "It can take work", Security: none,
		Description: "503 when a check fails; each check says in words what is wrong.",
		Responses:   f.responses(http.StatusOK, "application/json", schemaOf[readiness](f)),
	})
	f.plain("GET /metrics", f.metrics, &huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: []string{tag}, Summary: "Figures for Prometheus",
		Description: "Without personal data. Needs system.read, unless the server listens on loopback only or was started with --open-metrics.", Responses: f.responses(http.StatusOK, "text/plain", &huma.Schema{Type: huma.TypeString}),
	})
	if !f.TestClock {
		return
	}
	f.plain("POST /debug/clock", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		now, err := f.forward(r.Context(), c)
		if err != nil {
			c.refuse(err)
			return
		}
		c.json(http.StatusOK, moved{now})
	}, &huma.Operation{
		OperationID: "forward-clock", Method: http.MethodPost, Path: "/debug/clock", Tags: []string{tag}, Summary: "Move the test clock", Security: none,
		Description: "Only with --test-clock and only from this machine. It steps to each time something falls due, does the work, then answers.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[forward](f)}}},
		Responses:   f.responses(http.StatusOK, "application/json", schemaOf[moved](f)),
	})
}

func (f *face) metrics(w http.ResponseWriter, r *http.Request) {
	if f.OpenMetrics == nil || !f.OpenMetrics(r) {
		by, err := f.authenticate(r)
		if err == nil {
			err = who.Check(by, who.PermSystemRead)
		}
		if err != nil {
			callOf(r.Context()).refuse(err)
			return
		}
	}
	f.figures.serve(w, r)
}

func (f *face) forward(ctx context.Context, c *call) (time.Time, error) {
	if !fromHere(c.r) {
		return time.Time{}, fault.New(fault.NotFound, "There is nothing at this address; /api/docs lists what there is")
	}
	raw, err := c.body(op{json: true})
	if err != nil {
		return time.Time{}, err
	}
	var b forward
	if err := decode(raw, &b); err != nil {
		return time.Time{}, err
	}
	d, err := time.ParseDuration(b.Forward)
	if err != nil || d < 0 {
		return time.Time{}, fault.InvalidField("forward", `must be a duration such as "20m" or "2h", not below zero`)
	}
	if err := f.Forward(ctx, d); err != nil {
		return time.Time{}, err
	}
	return f.Clock.Now(), nil
}

func (f *face) ready(ctx context.Context) readiness {
	key := Check{Name: "ledger key"}
	if _, err := f.Ledger.Checkpoint(ctx); err != nil {
		key.Error = "The ledger cannot be signed; see the log"
		if m, ok := fault.MessageOf(err); ok {
			key.Error = m
		}
	}
	out := readiness{Ready: true}
	if f.Ready != nil {
		out.Checks = f.Ready(ctx)
	}
	out.Checks = append(out.Checks, key)
	for _, k := range out.Checks {
		if k.Error != "" {
			out.Ready = false
			f.Log.Warn("not ready", "check", k.Name, "error", k.Error)
		}
	}
	return out
}

// json answers outside huma.
func (c *call) json(status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		c.refuse(err)
		return
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.WriteHeader(status)
	_, _ = c.Write(body)
}
