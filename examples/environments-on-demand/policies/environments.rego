package spacelift

# The stacks that the action makes carry this label; others may live in the same space.
webhook contains {"endpoint_id": "${spacelift.webhook.environments.id}"} if {
	"on-demand" in input.run_updated.stack.labels
	input.run_updated.run.type in {"TRACKED", "DESTROY"}
}
