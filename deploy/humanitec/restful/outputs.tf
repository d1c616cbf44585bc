locals {
  answer = restful_resource.cache.sensitive_output.resource
}

output "values" {
  description = "host, port, tls, engine and whatever else may be seen."
  value       = nonsensitive(local.answer.values)
}

output "username" {
  description = "The user to log in as. Null for Memcached."
  value       = try(local.answer.secrets.username, null)
  sensitive   = true
}

output "password" {
  description = "Its password. Null for Memcached."
  value       = try(local.answer.secrets.password, null)
  sensitive   = true
}

output "url" {
  description = "All of it as redis:// or rediss:// URL. Null for Memcached."
  value       = try(local.answer.secrets.url, null)
  sensitive   = true
}
