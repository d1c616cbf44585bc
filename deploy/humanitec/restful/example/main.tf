# terraform apply -var url=https://cache-driver.example.com    with TF_VAR_token in the environment
terraform {
  required_version = ">= 1.5"
  required_providers {
    restful = {
      source  = "magodo/restful"
      version = ">= 0.25"
    }
  }
}

variable "url" {
  description = "Where the driver answers."
  type        = string
}

variable "token" {
  description = "A token that the driver's server.auth.tokens has the hash of; `cache-driver token` makes both."
  type        = string
  sensitive   = true
}

provider "restful" {
  base_url = var.url
  security = {
    http = {
      token = { token = var.token }
    }
  }
}

module "sessions" {
  source = "../"

  id = "shop-sessions"
  values = {
    size              = "small"
    high_availability = true
    context           = { app = "shop", env = "development" }
  }
}

output "endpoint" {
  value = "${module.sessions.values.host}:${module.sessions.values.port}"
}

output "url" {
  value     = module.sessions.url
  sensitive = true
}
