# A cache for Terraform without Humanitec. The provider sends PUT, asks with GET until it is ready, and DELETE.
resource "restful_resource" "cache" {
  path          = local.path
  create_method = "PUT"
  update_method = "PUT"
  body          = local.body
  # GET tells what the cache is, not what was asked for.
  write_only_attrs = ["driver"]

  poll_create = local.poll_ready
  poll_update = local.poll_ready
  poll_delete = local.poll_gone

  # The answer holds the password.
  use_sensitive_output = true

  lifecycle {
    precondition {
      condition     = !contains(keys(var.values), "secrets")
      error_message = "Secrets do not belong into `values`: they would be kept in the state, and the driver refuses them."
    }
  }
}
