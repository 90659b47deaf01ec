package outbox

// Task is work for a queue that is committed together with the rows that cause it.
type Task struct {
	// Queue is where it is handed to.
	Queue string
	// Type says which handler carries it out. Default: none.
	Type string
	// Payload is encoded as JSON. A json.RawMessage is taken as it is.
	Payload any
	// Durable keeps the task in the database until it was carried out, so that it
	// survives Redis losing all its data. It costs an update and a deletion more.
	// Default: false.
	Durable bool
}
