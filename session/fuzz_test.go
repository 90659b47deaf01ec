package session_test

import (
	"reflect"
	"testing"

	"github.com/speedlayer/speedlayer/session"
)

// Whatever stands in Redis: it is refused, or it means the same when it has been
// written again, and a field never changes another one.
func FuzzDataOfAStruct(f *testing.F) {
	f.Add("Max", "true", `{"kind":"phone"}`, "x")
	f.Add("\xff", `true,"role":"admin"`, `null`, "")
	f.Add("", "false", `{"kind":"a","kind":"b"}`, `"`)
	f.Add("null", " true ", `{}`, "\x00")
	type data struct {
		Name   string `json:"name"`
		Admin  bool   `json:"admin"`
		Device device `json:"device"`
		Role   name   `json:"role"`
	}
	f.Fuzz(func(t *testing.T, name, admin, device, unknown string) {
		fields := map[string]string{"name": name, "admin": admin, "device": device, "unknown": unknown, "NAME": unknown}
		d, again, err := session.DecodeData[data](fields)
		if err != nil {
			return
		}
		if d.Name != name || d.Role != "" {
			t.Errorf("%q became %+v", fields, d)
		}
		twice, _, err := session.DecodeData[data](again)
		if err != nil || !reflect.DeepEqual(twice, d) {
			t.Errorf("%q became %+v, and then %+v (%v)", fields, d, twice, err)
		}
	})
}
