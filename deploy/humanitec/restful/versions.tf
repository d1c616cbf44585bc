terraform {
  required_version = ">= 1.5"
  required_providers {
    restful = {
      source = "magodo/restful"
      # Has use_sensitive_output, without which passwords would be shown.
      version = ">= 0.25"
    }
  }
}
