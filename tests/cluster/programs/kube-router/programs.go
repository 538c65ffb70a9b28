//go:build programs

// Package programs names what is compiled of this module's requirements, so that go.mod and go.sum are complete.
package programs

import _ "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"
