package spacelift

webhook contains {"endpoint_id": "${spacelift.webhook.port.id}"} if {
	input.run_updated.run.type == "TRACKED"
}
