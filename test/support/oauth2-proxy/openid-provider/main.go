// An OpenID provider on 127.0.0.1 that signs in whoever a file names, without asking:
// openid-provider PORT CLIENT-ID CLIENT-SECRET FILE
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/oauth2-proxy/mockoidc"
)

func main() {
	port, client, secret, file := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	provider, err := mockoidc.NewServer(nil)
	must(err)
	provider.ClientID, provider.ClientSecret = client, secret
	must(provider.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			if request.URL.Path == mockoidc.AuthorizationEndpoint {
				content, err := os.ReadFile(file)
				must(err)
				provider.QueueUser(userOf(strings.TrimSpace(string(content))))
			}
			next.ServeHTTP(answer, request)
		})
	}))
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%s", port))
	must(err)
	must(provider.Start(listener, nil))
	select {}
}

func userOf(login string) mockoidc.User {
	return &mockoidc.MockUser{
		Subject:           "subject of " + login,
		Email:             login + "@example.org",
		EmailVerified:     true,
		PreferredUsername: login,
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
