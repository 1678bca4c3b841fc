// A TLS 1.3 peer on Go's crypto/tls.
//
//	peer server LIST   each line: PORT CERTIFICATES KEY ASK CLIENT_CA
//	peer client LIST   each line: ADDRESS PORT SERVER_CA CERTIFICATES KEY HASH
//
// ASK is none, request or require; "-" stands for "none given". The client works
// through its list and ends; the server says "ready" and stays.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	list, err := os.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if os.Args[1] == "server" {
			serve(fields)
		} else {
			connect(fields)
		}
	}
	if os.Args[1] == "server" {
		fmt.Println("ready")
		select {}
	}
}

func pool(file string) *x509.CertPool {
	if file == "-" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

func config(certificates, key string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: "localhost"}
	if certificates != "-" {
		pair, err := tls.LoadX509KeyPair(certificates, key)
		if err != nil {
			panic(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func serve(fields []string) {
	config := config(fields[1], fields[2])
	config.ClientCAs = pool(fields[4])
	switch fields[3] {
	case "request":
		config.ClientAuth = tls.VerifyClientCertIfGiven
	case "require":
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	listener, err := tls.Listen("tcp", "0.0.0.0:"+fields[0], config)
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(connection)
		}
	}()
}

func answer(connection io.ReadWriteCloser) {
	defer connection.Close()
	request := make([]byte, 4096)
	if n, err := connection.Read(request); err == nil && n > 0 {
		fmt.Fprint(connection, "HTTP/1.0 200 OK\r\n\r\nhello from Go\n")
	}
}

func connect(fields []string) {
	config := config(fields[3], fields[4])
	config.RootCAs = pool(fields[2])
	connection, err := tls.Dial("tcp", fields[0]+":"+fields[1], config)
	if err != nil {
		return
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(2 * time.Second))
	fmt.Fprint(connection, "GET / HTTP/1.0\r\n\r\n")
	io.Copy(io.Discard, connection)
}
