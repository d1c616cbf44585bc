variable "org" {
  description = "Id of the organisation."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*[a-z0-9]$", var.org))
    error_message = "Expected an organisation's id: a-z, 0-9 and '-'."
  }
}

variable "cloud" {
  description = "Whose caches the definitions ask for: aws, gcp or azure."
  type        = string
  validation {
    condition     = contains(["aws", "gcp", "azure"], var.cloud)
    error_message = "Expected aws, gcp or azure."
  }
}

variable "url" {
  description = "Where the orchestrator reaches the driver. A secret path segment is part of it, and makes it a secret."
  type        = string
  sensitive   = true
  validation {
    condition     = can(regex("^https://[^/?#]+(/[^?#]*)?$", var.url))
    error_message = "Expected an https URL without query, such as https://cache-driver.example.com."
  }
}

variable "driver_account" {
  description = "The cloud account that the orchestrator passes on, such as $${resources['config.default#aws-account'].account}. Null: the driver uses its own identity."
  type        = string
  default     = null
}
