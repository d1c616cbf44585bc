# The files beside this directory say what there is, for `humctl` and for Terraform alike; here my-org becomes var.org.
locals {
  definitions = {
    for file in fileset("${path.module}/../definitions/${var.cloud}", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(replace(
      file("${path.module}/../definitions/${var.cloud}/${file}"), "my-org/", "${var.org}/"
    )).entity
  }

  # A driver for each type that the cloud's definitions ask for.
  served = toset([for definition in values(local.definitions) : split("/", definition.driver_type)[1]])
  drivers = {
    for file in fileset("${path.module}/../drivers", "*.json") :
    trimsuffix(file, ".json") => jsondecode(replace(
      file("${path.module}/../drivers/${file}"), "my-org/", "${var.org}/"
    )) if contains(local.served, "cache-driver-${trimsuffix(file, ".json")}")
  }

  types = {
    for file in fileset("${path.module}/../types", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(replace(
      file("${path.module}/../types/${file}"), "my-org/", "${var.org}/"
    )) if contains(keys(local.drivers), trimsuffix(file, ".yaml"))
  }

  # One for each environment type that a definition is for.
  criteria = merge([
    for name, definition in local.definitions : {
      for number, criterion in definition.criteria : "${name}-${number}" => {
        definition = name
        env_type   = try(criterion.env_type, null)
        app_id     = try(criterion.app_id, null)
      }
    }
  ]...)
}
