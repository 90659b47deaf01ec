package kurs_test

import (
	"errors"
	"fmt"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func ExampleActor_MayRead() {
	user := kurs.Actor{UserID: 7, Role: kurs.RoleUser}
	fmt.Println(user.MayRead(7))
	fmt.Println(user.MayRead(8))
	fmt.Println(kurs.Actor{Anonymous: true}.MayRead(7))
	fmt.Println(kurs.Actor{Anonymous: true, Demo: true}.MayRead(7))
	// Output:
	// <nil>
	// kurs: forbidden
	// kurs: no_token
	// <nil>
}

func ExampleValidateEmail() {
	email, err := kurs.ValidateEmail(" Max@example.com ")
	fmt.Println(email, err)

	_, err = kurs.ValidateEmail("Max <max@example.com>")
	if e, ok := errors.AsType[*kurs.Error](err); ok {
		fmt.Println(e.Field, e.Rule)
	}
	// Output:
	// Max@example.com <nil>
	// email not_an_email
}
