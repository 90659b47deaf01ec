package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName names a type in the document. Those of package live are called Sample or
// Status, which are clear there and would be taken for anything in the whole document.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/internal/live") {
		return "Live" + name
	}
	return name
}

// nullable says that properties of a schema, which are objects, may be null. huma has no
// tag for that.
func nullable(schemas huma.Registry, ref *huma.Schema, properties ...string) {
	schema := schemas.SchemaFromRef(ref.Ref)
	for _, name := range properties {
		// What stands beside a reference, readers of the document may skip.
		described := schema.Properties[name].Description
		schema.Properties[name].Description = ""
		schema.Properties[name] = &huma.Schema{Description: described, OneOf: []*huma.Schema{schema.Properties[name], {Type: "null"}}}
	}
}
