package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// healthBody is the answer of GET /health.
type healthBody struct {
	Status string `json:"status" enum:"ok" doc:"The process runs and serves."`
	Redis  bool   `json:"redis" doc:"Whether Redis answers."`
}

// The two answers of GET /health.
var (
	healthWithRedis    = []byte(`{"status":"ok","redis":true}` + "\n")
	healthWithoutRedis = []byte(`{"status":"ok","redis":false}` + "\n")
)

// healthRoutes registers GET /health as a plain handler that asks nothing over
// the network: a probe must learn that the process is alive even while all it
// depends on hangs.
func (a *api) healthRoutes() {
	registry := a.huma.OpenAPI().Components.Schemas
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/health",
		Summary:     "Tell that the server is alive",
		Description: "Always 200. Answers without asking PostgreSQL or Redis; redis is what the last probe in the background found.",
		Tags:        []string{tagHealth},
		Responses: map[string]*huma.Response{"200": {
			Description: http.StatusText(http.StatusOK),
			Content: map[string]*huma.MediaType{
				"application/json": {Schema: registry.Schema(reflect.TypeFor[healthBody](), true, "Health")},
			},
		}},
	})
	a.mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		body := healthWithoutRedis
		if a.RedisHealthy() {
			body = healthWithRedis
		}
		w.Header()["Content-Type"] = contentJSON
		// A client that is gone is nobody's error.
		_, _ = w.Write(body)
	})
}
