// Command probe serves a text over HTTP, or asks for one: busybox, linked statically, looks up no names.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		text := os.Args[3]
		answer := func(to http.ResponseWriter, _ *http.Request) { fmt.Fprint(to, text) }
		fail(http.ListenAndServe(":"+os.Args[2], http.HandlerFunc(answer)))
	}
	if len(os.Args) != 3 || os.Args[1] != "get" {
		fail(fmt.Errorf("probe serve PORT TEXT, or probe get URL"))
	}
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(os.Args[2])
	if err == nil {
		_, err = io.Copy(os.Stdout, answer.Body)
	}
	fail(err)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
