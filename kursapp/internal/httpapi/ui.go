package httpapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// uiPolicy lets the dashboard run and show what comes from this server, and nothing else.
const uiPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; manifest-src 'self'"

// uiRoot is where the dashboard is. Below it are its views, which are all one page.
const uiRoot = "/ui/"

// immutable is for files whose names change with what is in them.
var immutable = []string{"public, max-age=31536000, immutable"}

// dashboard is the built front end, in memory.
type dashboard struct {
	files map[string]*uiFile // by path below uiRoot
	index *uiFile
}

// uiFile is one file, and what it is when compressed; nil where that gains nothing.
type uiFile struct {
	contentType         []string
	cacheControl        []string
	plain, gzip, brotli []byte
	etag                string
}

// uiRoutes serves the dashboard, or without a build a page that says how to make one.
func (a *api) uiRoutes() error {
	if a.UI == nil {
		missing := page("ui-missing.html", "text/html; charset=utf-8")
		a.mux.HandleFunc("GET "+uiRoot+"{path...}", func(w http.ResponseWriter, r *http.Request) {
			missing(w, r)
		})
		return nil
	}
	d, err := loadDashboard(a.UI)
	if err != nil {
		return err
	}
	a.mux.HandleFunc("GET "+uiRoot+"{path...}", policy(uiPolicy, d.serve))
	return nil
}

func loadDashboard(built fs.FS) (*dashboard, error) {
	d := &dashboard{files: map[string]*uiFile{}}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if ext := path.Ext(name); ext == ".gz" || ext == ".br" {
			return nil // beside what it is of
		}
		file, err := loadUIFile(built, name)
		d.files[name] = file
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	if d.index = d.files["index.html"]; d.index == nil {
		return nil, fmt.Errorf("dashboard: %w: index.html", fs.ErrNotExist)
	}
	return d, nil
}

func loadUIFile(built fs.FS, name string) (*uiFile, error) {
	plain, err := fs.ReadFile(built, name)
	if err != nil {
		return nil, err
	}
	f := &uiFile{
		contentType: []string{uiContentType(name)}, cacheControl: []string{"no-cache"},
		plain: plain, etag: string(appendETag(nil, plain)),
	}
	if strings.HasPrefix(name, "assets/") {
		f.cacheControl = immutable
	}
	if !compressible(name) {
		return f, nil
	}
	f.brotli, _ = fs.ReadFile(built, name+".br") // where the build made one
	if f.gzip, err = fs.ReadFile(built, name+".gz"); err != nil {
		f.gzip = compress(plain)
	}
	if len(f.gzip) >= len(plain) {
		f.gzip = nil
	}
	return f, nil
}

// uiTypes are those that the system's table may lack, or have wrong.
var uiTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".map": "application/json", ".woff2": "font/woff2",
	".webmanifest": "application/manifest+json", ".ico": "image/x-icon", ".png": "image/png", ".txt": "text/plain; charset=utf-8",
}

func uiContentType(name string) string {
	if known, ok := uiTypes[path.Ext(name)]; ok {
		return known
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

func compressible(name string) bool {
	switch path.Ext(name) {
	case ".html", ".js", ".css", ".svg", ".json", ".map", ".webmanifest", ".txt":
		return true
	}
	return false
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	// A buffer takes everything.
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

// serve answers with a file, and where there is none with the page: the dashboard itself
// knows which view the path is. Only a file that is gone is not found: a page in place of
// a script would say nothing but a puzzling error.
func (d *dashboard) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	file := d.files[name]
	if file == nil {
		if strings.HasPrefix(name, "assets/") {
			fail(w, r, &failure{status: http.StatusNotFound, text: textNotFound})
			return
		}
		file = d.index
	}
	setPageHeaders(w.Header())
	file.serve(w, r)
}

func (f *uiFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Content-Type"] = f.contentType
	h["Cache-Control"] = f.cacheControl
	h.Add("Vary", "Accept-Encoding")
	body, etag := f.plain, f.etag
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case f.brotli != nil && acceptsCoding(accepted, "br"):
		h["Content-Encoding"] = []string{"br"}
		body, etag = f.brotli, codedETag(etag, "br")
	case f.gzip != nil && acceptsCoding(accepted, "gzip"):
		h["Content-Encoding"] = []string{"gzip"}
		body, etag = f.gzip, codedETag(etag, "gzip")
	}
	h["Etag"] = []string{etag}
	if matches(r.Header["If-None-Match"], etag) {
		h.Del("Content-Encoding")
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	// A client that is gone is nobody's error.
	_, _ = w.Write(body)
}

// codedETag names the same file in a coding: an ETag is of the very bytes.
func codedETag(etag, coding string) string {
	return strings.TrimSuffix(etag, `"`) + "-" + coding + `"`
}

// acceptsCoding reports whether an Accept-Encoding header names a coding. A browser names
// those that it has; anything finer gets the plain file.
func acceptsCoding(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight := strings.ReplaceAll(params, " ", "")
		return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
	}
	return false
}

// prefersPage reports whether a request comes from a browser's address bar.
func prefersPage(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html")
}
