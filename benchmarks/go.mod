module github.com/editkit/editkit-go/benchmarks

go 1.25.0

require (
	github.com/editkit/editkit-go v0.0.0
	github.com/hashicorp/go-retryablehttp v0.7.8
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	golang.org/x/text v0.40.0 // indirect
)

replace github.com/editkit/editkit-go => ../
