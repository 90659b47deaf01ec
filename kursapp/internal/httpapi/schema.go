package httpapi

import "github.com/danielgtaylor/huma/v2"

// nullable says that properties of a schema, which are objects, may be null. huma has no
// tag for that.
func nullable(schemas huma.Registry, ref *huma.Schema, properties ...string) {
	schema := schemas.SchemaFromRef(ref.Ref)
	for _, name := range properties {
		schema.Properties[name] = &huma.Schema{OneOf: []*huma.Schema{schema.Properties[name], {Type: "null"}}}
	}
}
