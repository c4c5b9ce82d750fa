package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
)

// fileOnWire is a file of an incident.
type fileOnWire struct {
	ID          string     `json:"id" doc:"of the ledger entry that added it"`
	Name        string     `json:"name" doc:"empty once erased"`
	SHA256      string     `json:"sha256"`
	Size        int64      `json:"size" doc:"bytes"`
	Media       string     `json:"media" doc:"what the first bytes look like; not to be trusted" example:"image/png"`
	Note        string     `json:"note"`
	On          *string    `json:"on" doc:"entry of the timeline it belongs to"`
	AddedBy     string     `json:"added_by"`
	AddedAt     time.Time  `json:"added_at"`
	WithdrawnAt *time.Time `json:"withdrawn_at"`
	WithdrawnBy *string    `json:"withdrawn_by"`
	Reason      *string    `json:"reason" doc:"of the withdrawal"`
	Erased      bool       `json:"erased"`
	DestroyedAt *time.Time `json:"destroyed_at" doc:"when the content of an erased file was destroyed"`
	Content     string     `json:"content" doc:"address of the bytes"`
}

func wireFile(ref string) func(f file.File) fileOnWire {
	return func(f file.File) fileOnWire {
		return fileOnWire{
			ID: f.ID, Name: f.Name, SHA256: f.SHA256, Size: f.Size, Media: f.Media, Note: f.Note, On: orNull(f.On), AddedBy: f.AddedBy,
			AddedAt: f.AddedAt.UTC(), WithdrawnAt: stamp(f.WithdrawnAt), WithdrawnBy: orNull(f.WithdrawnBy), Reason: orNull(f.Reason),
			Erased: f.Erased, DestroyedAt: stamp(f.DestroyedAt), Content: filePath(ref, f.ID) + "/content",
		}
	}
}

func filePath(ref, id string) string { return base + "/incidents/" + ref + "/files/" + id }

// FileDraft holds the parameters of an upload.
type FileDraft struct {
	Ref
	Name string `query:"name" maxLength:"300" doc:"name of the file, where the body is the file itself" example:"screenshot.png"`
	Note string `query:"note" maxLength:"2000" doc:"about the file"`
	On   string `query:"on" maxLength:"100" doc:"id of the entry of the timeline it belongs to"`
}

// FileRef names one file of an incident.
type FileRef struct {
	Ref
	File string `path:"file" maxLength:"100" doc:"id of the file"`
}

// fileReason says why a file is withdrawn or erased.
type fileReason struct {
	Reason string `json:"reason"`
}

func (f *face) files() {
	const tag = "Files"
	const one = base + "/incidents/{ref}/files/{file}"
	handle(f, op{
		method: http.MethodPost, path: base + "/incidents/{ref}/files", id: "add-files", tag: tag, creates: true, stream: true,
		summary: "Add files to an incident", bodies: []string{"application/octet-stream", "multipart/form-data"},
		body: &huma.Schema{Type: huma.TypeString, Format: "binary"},
		text: "The body is one file, named by the parameter; or a form with up to 20 files, whose fields note and on stand for the parameters. The bytes are kept once, under their SHA-256, and nobody is shown them in a page. Needs incident.work.",
	}, f.addFiles)
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/files", id: "list-files", tag: tag, summary: "List the files of an incident",
		text: "Newest first, with those that were withdrawn or erased. Needs incident.read.",
	}, func(ctx context.Context, c *call, p *ListBelow) (list[fileOnWire], error) {
		items, next, err := f.Files.List(ctx, c.by, p.Ref.Ref, p.Cursor, p.Limit)
		if err != nil {
			return list[fileOnWire]{}, err
		}
		return listOf(items, next, wireFile(p.Ref.Ref)), nil
	})
	handle(f, op{
		method: http.MethodGet, path: one, id: "get-file", tag: tag, summary: "Read what is known of a file", text: "Needs incident.read.",
	}, func(ctx context.Context, c *call, p *FileRef) (fileOnWire, error) {
		g, err := f.Files.Get(ctx, c.by, p.Ref.Ref, p.File)
		return wireFile(p.Ref.Ref)(g), err
	})
	take(f, op{
		method: http.MethodPost, path: one + "/withdraw", id: "withdraw-file", tag: tag, summary: "Withdraw a file",
		text: "It is hidden; its content is kept, and the incident manager can still open it. Needs incident.work for an own file, incident.manage for every other.",
	}, func(ctx context.Context, c *call, p *FileRef, b *fileReason) (fileOnWire, error) {
		g, err := f.Files.Withdraw(ctx, c.by, p.Ref.Ref, p.File, b.Reason)
		return wireFile(p.Ref.Ref)(g), err
	})
	take(f, op{
		method: http.MethodPost, path: one + "/erase", id: "erase-file", tag: tag, summary: "Erase a file",
		text: "Name, note and content are destroyed; that the file was there stays in the ledger, and so does the destruction. The same bytes in another file are kept. Needs ledger.erase.",
	}, func(ctx context.Context, c *call, p *FileRef, b *fileReason) (fileOnWire, error) {
		g, err := f.Files.Erase(ctx, c.by, p.Ref.Ref, p.File, b.Reason)
		return wireFile(p.Ref.Ref)(g), err
	})
	content := f.responses(http.StatusOK, "application/octet-stream", &huma.Schema{Type: huma.TypeString, Format: "binary"})
	text := &huma.Schema{Type: huma.TypeString}
	f.plain("GET "+one+"/content", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		g, in, err := f.Files.Open(r.Context(), c.by, r.PathValue("ref"), r.PathValue("file"))
		if err != nil {
			c.refuse(err)
			return
		}
		defer in.Close()
		blob.Serve(c, r, g.Name, in)
	}, &huma.Operation{
		OperationID: "download-file", Method: http.MethodGet, Path: one + "/content", Tags: []string{tag}, Responses: content,
		Parameters: []*huma.Param{{Name: "ref", In: "path", Required: true, Schema: text}, {Name: "file", In: "path", Required: true, Schema: text}},
		Summary:    "Download a file", Description: "The bytes as they came, always as an attachment. Parts may be asked for by Range. Needs incident.read.",
	})
}

// addFiles reads the body while it comes: it may be larger than memory.
func (f *face) addFiles(ctx context.Context, c *call, p *FileDraft) (list[fileOnWire], error) {
	none := list[fileOnWire]{}
	if err := f.Files.Receive(ctx, c.by, p.Ref.Ref); err != nil {
		return none, err
	}
	blob.Patient(c, c.r, f.Clock.Real)
	put := func(body io.Reader) (*blob.Held, error) { return f.Files.Put(ctx, c.by, p.Ref.Ref, body) }
	in := file.Addition{Note: p.Note, On: p.On}
	var parts blob.Parts
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		values, got, err := blob.ReadForm(c.r, file.Most, put)
		if err != nil {
			return none, err
		}
		parts = got
		if values.Has("note") {
			in.Note = values.Get("note")
		}
		if values.Has("on") {
			in.On = values.Get("on")
		}
	} else {
		if strings.TrimSpace(p.Name) == "" {
			return none, fault.InvalidField("name", "is needed: the name of the file, such as screenshot.png")
		}
		held, err := put(c.r.Body)
		if err != nil {
			blob.Drain(c.r)
			return none, err
		}
		parts = blob.Parts{{Name: p.Name, Held: held}}
	}
	defer parts.Close()
	said := in.Note + "\x00" + in.On
	for _, part := range parts {
		in.Drops = append(in.Drops, file.Drop{Held: part.Held, Name: part.Name})
		said += "\x00" + part.Name + "\x00" + part.Held.SHA256
	}
	ctx, err := c.keyed(ctx, []byte(said))
	if err != nil {
		return none, err
	}
	added, err := f.Files.Add(ctx, c.by, p.Ref.Ref, in)
	if err != nil {
		return none, err
	}
	c.created(filePath(p.Ref.Ref, added[0].ID))
	return listOf(added, "", wireFile(p.Ref.Ref)), nil
}
