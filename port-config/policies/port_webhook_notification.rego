package spacelift

# Tracked runs are those of the stack's own branch. Every state is
# sent, so that the catalog also shows runs that wait or fail.
webhook contains {"endpoint_id": "${spacelift.webhook.port.id}"} if {
	input.run_updated.run.type == "TRACKED"
}
