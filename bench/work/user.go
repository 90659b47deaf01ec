// Package work is what every contestant has to do: read users that a source knows,
// and read them right.
package work

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// User is the value that everything here reads. As JSON it is what lies in Redis:
// {"id":1,"name":"Max","email":"max@example.com"}.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// userOf is the user with an id, before anybody renamed it.
func userOf(id int64) User {
	if id == 1 {
		return User{ID: 1, Name: "Max", Email: "max@example.com"}
	}
	n := strconv.FormatInt(id, 10)
	return User{ID: id, Name: "User " + n, Email: "user" + n + "@example.com"}
}

// JSON returns the user as it lies in Redis.
func (u User) JSON() []byte {
	raw, err := json.Marshal(u)
	if err != nil {
		panic(fmt.Sprintf("work: a user has a JSON form: %v", err)) // two strings and a number
	}
	return raw
}
