variable "id" {
  description = "The resource's id. The cache's name follows from it: another id is another cache."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9-]{3,63}$", var.id))
    error_message = "Expected 3 to 63 of a-z, 0-9 and '-'."
  }
}

variable "route" {
  description = "The driver's route: the first segment of the path."
  type        = string
  default     = "redis"
}

variable "type" {
  description = "The resource type that the route serves."
  type        = string
  default     = "redis"
}

variable "values" {
  description = "What the cache should be: the inputs that `cache-driver schema` describes. Credentials are none of them: Terraform would send none with DELETE, so the driver uses its own identity, or the account that `account` names."
  type        = any
  default     = { size = "small" }
}
